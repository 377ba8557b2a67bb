/** Who is asking: found in a request, held against the keyring, and looked at again while a stream is open. */
import type { IncomingMessage } from 'node:http';
import { hashOf } from '../../ledger/accounts/apiKey';
import { admit, isRefusal, type Identity } from './admit';
import type { Keyring, Principal } from './auth';
import { headerOf } from './headerOf';
import type { RateLimiter } from './rateLimiter';
import type { Route } from './route';
import type { SessionCookies } from './sessionCookie';

/** What routing has found in a request's address. */
type Located = { params: Readonly<Record<string, string | string[]>> };

export type Callers = {
  identityOf(request: IncomingMessage): Identity;
  /** Throws `unauthenticated`, and after too many wrong keys from one address `rate_limited`. */
  authenticate(identity: Identity, request: IncomingMessage): Promise<Principal>;
  isStillWelcome(identity: Identity, route: Route, asked: Located): Promise<boolean>;
};

export type CallersOptions = {
  keyring: Keyring;
  cookies: SessionCookies;
  limiter: RateLimiter;
  addressOf(request: IncomingMessage): string;
};

export function createCallers({ keyring, cookies, limiter, addressOf }: CallersOptions): Callers {
  /** A key goes before a cookie: whoever sends one means it. */
  function identityOf(request: IncomingMessage): Identity {
    const { headers } = request;
    const token = headers.authorization === undefined ? cookies.read((name) => headerOf(request, name)) : undefined;
    return token === undefined ? { by: 'key', secret: headers.authorization } : { by: 'session', secret: token };
  }

  const authenticate = (identity: Identity, request: IncomingMessage): Promise<Principal> =>
    admit({ keyring, limiter }, identity, () => addressOf(request), isUse(request));

  /** Looks again: a key may be revoked, a session ended, a role changed. */
  async function isStillWelcome({ by, secret }: Identity, route: Route, asked: Located): Promise<boolean> {
    try {
      const principal = await (by === 'key'
        ? keyring.authenticate(secret)
        : keyring.authenticateSession(secret, false));
      return route.who.includes(principal.role) && !isForeign(route, principal, asked);
    } catch (error) {
      return !isRefusal(error);
    }
  }

  return { identityOf, authenticate, isStillWelcome };
}

/** The console says what it asks without anybody there. Browsers open a stream again by themselves, and can't say so. */
const isUse = (request: IncomingMessage): boolean =>
  headerOf(request, 'x-ballast-unattended') !== '1' && headerOf(request, 'accept') !== 'text/event-stream';

/** The key's hash: limits store it in a table, where no key may stand. */
export const keyOf = ({ secret = '' }: Identity): string => hashOf(secret).toString('hex');

/** A member asks for another account than its own. */
export const isForeign = (route: Route, principal: Principal, { params }: Located): boolean =>
  principal.accountId !== null && route.path.startsWith('/v1/accounts/:id') && params.id !== principal.accountId;
