/** The cookie that a session lies in, and whether a request that came with it is meant by the person in front of the browser. */
import { Problem } from '../../domain/errors';
import { SESSION_SECONDS_MAX } from '../../ledger/sessions/session';

/** Of a request, by its name in lower case. */
export type Header = (name: string) => string | undefined;

export type SessionCookies = {
  /** The session's token; undefined when the request has none. */
  read(header: Header): string | undefined;
  /** The value of Set-Cookie that begins a session in the browser. */
  begin(token: string, header: Header): string;
  /** The same for the end of one. */
  end(header: Header): string;
  /**
   * Refuses what another site has made the browser send (CSRF). By cookie the browser must say that the request is ours;
   * without one, such as in a sign-in, it must not say that it is another's.
   */
  requireSameOrigin(header: Header, how: 'by_cookie' | 'without_cookie'): void;
};

/** The prefix makes browsers hold it to this host, to TLS and to the path `/`: no neighbour can plant one. */
export const SECURE_COOKIE = '__Host-ballast';
const PLAIN_COOKIE = 'ballast';
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * @param publicUrl where people reach the API; by https, a cookie without `Secure` is never taken. Without TLS browsers take
 * `Secure` cookies of this machine only, so elsewhere there is the plain one.
 */
export function createSessionCookies(publicUrl: string): SessionCookies {
  const { origin: publicOrigin, protocol } = new URL(publicUrl);
  const isPublicSecure = protocol === 'https:';

  function isSecure(header: Header): boolean {
    const origin = originOf(header);
    if (origin !== null) return origin.protocol === 'https:' || isThisMachine(origin.hostname);
    return isPublicSecure || isThisMachine(hostnameOf(header('host')));
  }

  function toCookie(value: string, secondsMax: number, header: Header): string {
    const secure = isSecure(header);
    const attributes = `; Path=/; Max-Age=${secondsMax}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
    return `${secure ? SECURE_COOKIE : PLAIN_COOKIE}=${value}${attributes}`;
  }

  function isOurs(origin: URL, header: Header): boolean {
    return origin.origin === publicOrigin || origin.host === header('host');
  }

  return {
    read(header) {
      const sent = header('cookie');
      if (sent === undefined) return undefined;
      const token = valueOf(sent, SECURE_COOKIE) ?? (isPublicSecure ? undefined : valueOf(sent, PLAIN_COOKIE));
      return token !== undefined && TOKEN.test(token) ? token : undefined;
    },
    begin: (token, header) => toCookie(token, SESSION_SECONDS_MAX, header),
    end: (header) => toCookie('', 0, header),
    requireSameOrigin(header, how) {
      const site = header('sec-fetch-site');
      if (site === 'same-origin') return;
      const sent = header('origin');
      if (site === undefined && sent === undefined && how === 'without_cookie') return;
      const origin = originOf(header);
      if (site === undefined && origin !== null && isOurs(origin, header)) return;
      throw new Problem(
        'cross_site_request',
        site === undefined && sent === undefined
          ? 'By cookie, a change must say where it comes from: send the header Origin, or a key.'
          : 'This request was made by another site; nothing was changed.',
      );
    },
  };
}

/** Null when there is none, or one that says nothing, such as `null`. */
function originOf(header: Header): URL | null {
  const origin = header('origin');
  return origin !== undefined && URL.canParse(origin) ? new URL(origin) : null;
}

const hostnameOf = (host: string | undefined): string =>
  host !== undefined && URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';

const isThisMachine = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);

function valueOf(cookies: string, name: string): string | undefined {
  const found = cookies.split(';').find((pair) => pair.trimStart().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1);
}
