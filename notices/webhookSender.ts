/** Sends one webhook: signed by the Standard Webhooks convention, bounded in time and size, no redirect followed (N2). */
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Webhook } from 'standardwebhooks';
import type { WebhookAttempt } from '../ledger/webhooks/webhookAttempt';
import { checkedAddresses, createDnsResolve, resolveBySystem, type Address, type Resolve } from './webhookTarget';

/** What the endpoint answered: its status alone. A body is never read: it would show an owner the content of an address of their choice. Anything else is thrown. */
export type WebhookAnswer = { status: number };
/** @param stopping cuts the sending off, such as when the worker stops */
export type WebhookSender = (
  message: Pick<WebhookAttempt, 'messageId' | 'url' | 'secrets' | 'payload'>,
  stopping?: AbortSignal,
) => Promise<WebhookAnswer>;

export type WebhookSenderOptions = {
  /** Private addresses and http, for development and tests. */
  allowPrivate: boolean;
  /** @default name servers alone; where private addresses are allowed the system's resolver, with its hosts file */
  resolve?: Resolve;
  /** For everything: resolving, connecting, sending, the answer. @default SENDING_MS_MAX */
  timeoutMs?: number;
  /** What webhooks are dated by. @default Date.now */
  now?(): number;
};

/** No webhook takes longer, however slowly the endpoint answers. */
const SENDING_MS_MAX = 15_000;

export function createWebhookSender({
  allowPrivate,
  resolve = allowPrivate ? resolveBySystem : createDnsResolve(),
  timeoutMs = SENDING_MS_MAX,
  now = Date.now,
}: WebhookSenderOptions): WebhookSender {
  return async ({ messageId, url, secrets, payload }, stopping) => {
    const target = new URL(url);
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = stopping ? AbortSignal.any([timeout, stopping]) : timeout;
    const body = JSON.stringify(payload);
    try {
      const addresses = await orAborted(checkedAddresses(target, resolve, allowPrivate, signal), signal);
      return await post(target, addresses, headersOf(messageId, secrets, body, new Date(now())), body, signal);
    } catch (error) {
      throw timeout.aborted ? new Error(`no answer within ${timeoutMs / 1_000} s`) : error;
    }
  };
}

/** Each secret signs: the receiver knows one of them. */
function headersOf(messageId: string, secrets: readonly string[], body: string, now: Date): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'Ballast-Webhooks/1',
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(messageId, now, body)).join(' '),
  };
}

async function post(
  target: URL,
  addresses: Address[],
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<WebhookAnswer> {
  const options: RequestOptions = {
    method: 'POST',
    headers,
    signal,
    // A connection of its own: one that is kept could have been opened to what a name meant earlier.
    agent: false,
    // Host header and TLS go by the name; the connection goes to what was checked, whatever the name means by now.
    lookup: (_hostname, { all }, done) =>
      all ? done(null, addresses) : done(null, addresses[0]!.address, addresses[0]!.family),
  };
  const sending = target.protocol === 'https:' ? httpsRequest(target, options) : httpRequest(target, options);
  try {
    const answer = await answerOf(sending.end(body));
    return { status: answer.statusCode! };
  } finally {
    sending.destroy();
  }
}

async function answerOf(sending: ClientRequest): Promise<IncomingMessage> {
  const [answer] = (await once(sending, 'response')) as [IncomingMessage];
  // What breaks after the answer is of no interest, and must not end the process.
  sending.on('error', () => undefined);
  return answer;
}

/** The system's resolver can't be told to stop; it is no longer waited for. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = once(signal, 'abort').then(() => {
    throw signal.reason as Error;
  });
  return Promise.race([work, aborted]);
}
