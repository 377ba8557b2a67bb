/** Outbound webhooks (N2): which addresses an account may register, what is sent, and when it is sent again. */
import type { NoticeKind } from './notice';
import { isPublicAddress } from './publicAddress';

/** What an endpoint wants: kinds of notices, or all. */
export type WebhookEvent = NoticeKind | '*';
/** `test` is what the test button sends. */
export type WebhookType = NoticeKind | 'test';

/** The body of a webhook. Money in `data` is a decimal string, times are ISO 8601. */
export type WebhookPayload = {
  type: WebhookType;
  timestamp: string;
  data: { accountId: string } & Record<string, unknown>;
};

export const WEBHOOK_ENDPOINTS_MAX = 10;
/** After a rotation the old secret goes on signing beside the new one for so long. */
export const SECRET_OVERLAP_HOURS = 24;
/** So many secrets sign at once at most: after more rotations within the overlap the oldest goes. */
export const SECRETS_MAX = 5;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Waits after the first, second, … failed try: an endpoint that is down for three days loses nothing. */
export const WEBHOOK_RETRY_DELAYS_MS: readonly number[] = [
  5_000,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** @param tries made so far, from 1. Null: that was the last one. A test is tried once: its owner waits for the answer. */
export function webhookRetryDelayMs(type: WebhookType, tries: number): number | null {
  return type === 'test' ? null : (WEBHOOK_RETRY_DELAYS_MS[tries - 1] ?? null);
}

const HTTPS_PORT = 443;
/** Below it lie the ports of other services, which must not be talked to by accident. */
const FIRST_FREE_PORT = 1024;

/**
 * What is wrong with a webhook's address, as a sentence; null when it may be registered. Where a name leads to is looked
 * at when it is called, each time.
 * @param allowPrivate the deployment allows http and private addresses, as in development
 */
export function webhookUrlProblem(address: string, allowPrivate: boolean): string | null {
  if (!URL.canParse(address)) return 'It is not an address.';
  const { protocol, username, password, hostname, port, hash } = new URL(address);
  if (protocol !== 'https:' && !(allowPrivate && protocol === 'http:')) return 'It must begin with https://.';
  if (username !== '' || password !== '') return 'It must not contain a user name or password; webhooks are signed.';
  if (hash !== '') return 'It must not have a fragment (#…): that is never sent.';
  if (allowPrivate) return null;
  const number = port === '' ? HTTPS_PORT : Number(port);
  if (number !== HTTPS_PORT && number < FIRST_FREE_PORT)
    return `Its port must be ${HTTPS_PORT} or from ${FIRST_FREE_PORT} on.`;
  if (isLiteral(hostname) ? !isPublicAddress(hostname) : isInternalName(hostname))
    return 'It leads to a private address; webhooks go to public ones only.';
  return null;
}

/** URLs write IPv4 as four numbers, whatever it was written as, and IPv6 in brackets. */
const isLiteral = (hostname: string): boolean => hostname.startsWith('[') || /^[\d.]+$/.test(hostname);

/** Names that lead nowhere in public DNS. */
function isInternalName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '').toLowerCase();
  return !name.includes('.') || /\.(localhost|local|internal|lan|home|corp|home\.arpa)$/.test(name);
}
