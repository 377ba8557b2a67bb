/**
 * The gate, answered from memory before Express is asked. Whatever is not the plain case — another address or method,
 * a key or an account that is not known yet, not this key's account, a stale gate — is left to Express, where the same
 * routes stand with all their checks: so there is one place that says no, and a test compares the two.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRequestId } from '../http/dispatch';
import { toGateJson } from './gateTable';
import type { Services } from '../services';

/** All of a request's headers that its answer depends on. */
export type HotHeaders = Record<'authorization' | 'accountId' | 'requestId', string | undefined>;

/** Headers that many answers have in common: a list for node:http, and text. */
export type HeaderBlock = { list: readonly string[]; text: string };

/** Without X-Request-Id and Content-Length, which every answer has. The body is ASCII. */
export type HotAnswer = { status: 200 | 403; headers: HeaderBlock; body: string };

export type HotPath = {
  /** From memory, or undefined where Express must be asked. Every answer given before Express passes here. */
  answer(method: string, target: string, headers: HotHeaders): HotAnswer | undefined;
  /** Looks up a key that is not in memory, so that the same question may then be answered. Null when its key is no hindrance. */
  learnKey(headers: HotHeaders): Promise<void> | null;
};

const BEFORE_ID = '/v1/accounts/';
const AFTER_ID = '/gate';
const AUTHORIZE = '/v1/authorize';

const UNSTORED = ['Cache-Control', 'no-store'];
const JSON_BODY = ['Content-Type', 'application/json; charset=utf-8', ...UNSTORED];
const GATE_HEADERS = toBlock(JSON_BODY);
const VERDICT_HEADERS = {
  ok: toBlock([...UNSTORED, 'X-Ballast-Gate', 'ok']),
  low: toBlock([...UNSTORED, 'X-Ballast-Gate', 'low']),
  reloading: toBlock([...UNSTORED, 'X-Ballast-Gate', 'reloading']),
  suspended: toBlock([...JSON_BODY, 'X-Ballast-Gate', 'suspended']),
};

export function createHotPath({ gates, keyring }: Pick<Services, 'gates' | 'keyring'>): HotPath {
  function answerGate({ authorization }: HotHeaders, accountId: string): HotAnswer | undefined {
    const principal = authorization === undefined ? undefined : keyring.recall(authorization);
    if (!principal || (principal.accountId !== null && principal.accountId !== accountId)) return undefined;
    const gate = gates.recall(accountId);
    return gate && { status: 200, headers: GATE_HEADERS, body: toGateJson(gate, gates.asOf()) };
  }

  function answerAuthorize({ authorization, accountId }: HotHeaders): HotAnswer | undefined {
    if (authorization === undefined || keyring.recall(authorization)?.role !== 'service') return undefined;
    const gate = accountId === undefined ? undefined : gates.recall(accountId);
    if (!gate) return undefined;
    const { allowed, state } = gate.shape;
    return {
      status: allowed ? 200 : 403,
      headers: VERDICT_HEADERS[state],
      body: allowed ? '' : toGateJson(gate, gates.asOf()),
    };
  }

  return {
    answer(method, target, headers) {
      if (method === 'GET' && target.startsWith(BEFORE_ID) && target.endsWith(AFTER_ID)) {
        return answerGate(headers, target.slice(BEFORE_ID.length, -AFTER_ID.length));
      }
      return isAuthorize(target) ? answerAuthorize(headers) : undefined;
    },
    learnKey({ authorization }) {
      if (authorization === undefined || keyring.recall(authorization)) return null;
      // A copy: what is remembered must not keep the whole text in memory that it is a part of.
      const copy = Buffer.from(authorization, 'latin1').toString('latin1');
      return keyring.authenticate(copy).then(
        () => {},
        () => {},
      );
    },
  };
}

/** With any path or query behind it, as proxies put them there. */
const isAuthorize = (target: string): boolean =>
  target.startsWith(AUTHORIZE) &&
  (target.length === AUTHORIZE.length || target[AUTHORIZE.length] === '/' || target[AUTHORIZE.length] === '?');

/** Answers a request that node:http has read. Returns whether it has. */
export function answerHot(
  hotPath: HotPath,
  { method, url, headers }: IncomingMessage,
  response: ServerResponse,
): boolean {
  const given = {
    authorization: headers.authorization,
    accountId: headers['x-account-id'],
    requestId: headers['x-request-id'],
  } as HotHeaders;
  const answer = hotPath.answer(method!, url!, given);
  if (!answer) return false;
  const {
    status,
    headers: { list },
    body,
  } = answer;
  response.writeHead(status, [
    'X-Request-Id',
    toRequestId(given.requestId),
    ...list,
    'Content-Length',
    `${body.length}`,
  ]);
  response.end(body, 'latin1');
  return true;
}

/** The caller's, or one of ours. */
export const toRequestId = (given: string | undefined): string =>
  given !== undefined && isRequestId(given) ? given : randomUUID();

function toBlock(list: readonly string[]): HeaderBlock {
  const lines = Array.from({ length: list.length / 2 }, (_, index) => `${list[index * 2]}: ${list[index * 2 + 1]}\r\n`);
  return { list, text: lines.join('') };
}
