/**
 * The gate, answered from memory before Express is asked. Whatever is not the plain case — another address or method,
 * a key or an account that is not known yet, not this key's account, a stale gate — is left to Express, where the same
 * routes stand with all their checks: so there is one place that says no, and a test compares the two.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GateState } from '../../domain/gate';
import type { Keyring } from '../http/auth';
import { toRequestId } from '../http/requestId';
import type { GateCache } from './gateCache';
import { toGateJson } from './gateTable';

/** All of a request's headers that its answer depends on. */
export type HotHeaders = Record<'authorization' | 'accountId', string | undefined>;

/**
 * Without X-Request-Id and Content-Length, which every answer has. Headers are names and values in turn, which node:http
 * writes faster than an object. The body is ASCII.
 */
export type HotAnswer = { status: 200 | 403; headers: readonly string[]; body: string };

export type HotPath = {
  /** From memory, or undefined where Express must be asked. Every answer that is given before Express passes here. */
  answer(method: string, target: string, headers: HotHeaders): HotAnswer | undefined;
};

export type CountedHotPath = HotPath & {
  /** How many answers had a gate of this state. Plain numbers: this is the most that may be counted here. */
  answered: Readonly<Record<GateState, number>>;
};

const BEFORE_ID = '/v1/accounts/';
const AFTER_ID = '/gate';
const AUTHORIZE = '/v1/authorize';

const UNSTORED = ['Cache-Control', 'no-store'];
const GATE_HEADERS = ['Content-Type', 'application/json; charset=utf-8', ...UNSTORED];
const VERDICT_HEADERS = {
  ok: [...UNSTORED, 'X-Ballast-Gate', 'ok'],
  low: [...UNSTORED, 'X-Ballast-Gate', 'low'],
  reloading: [...UNSTORED, 'X-Ballast-Gate', 'reloading'],
  suspended: [...GATE_HEADERS, 'X-Ballast-Gate', 'suspended'],
};

export type HotPathDeps = {
  gates: Pick<GateCache, 'recall' | 'asOf'>;
  keyring: Pick<Keyring, 'recall'>;
};

export function createHotPath({ gates, keyring }: HotPathDeps): CountedHotPath {
  const answered: Record<GateState, number> = { ok: 0, low: 0, reloading: 0, suspended: 0 };

  function answerGate({ authorization }: HotHeaders, accountId: string): HotAnswer | undefined {
    const principal = authorization === undefined ? undefined : keyring.recall(authorization);
    if (!principal || (principal.accountId !== null && principal.accountId !== accountId)) return undefined;
    const gate = gates.recall(accountId);
    if (!gate) return undefined;
    answered[gate.shape.state] += 1;
    return { status: 200, headers: GATE_HEADERS, body: toGateJson(gate, gates.asOf()) };
  }

  function answerAuthorize({ authorization, accountId }: HotHeaders): HotAnswer | undefined {
    if (authorization === undefined || keyring.recall(authorization)?.role !== 'service') return undefined;
    const gate = accountId === undefined ? undefined : gates.recall(accountId);
    if (!gate) return undefined;
    const { allowed, state } = gate.shape;
    const headers = VERDICT_HEADERS[state];
    answered[state] += 1;
    return allowed
      ? { status: 200, headers, body: '' }
      : { status: 403, headers, body: toGateJson(gate, gates.asOf()) };
  }

  return {
    answered,
    answer(method, target, headers) {
      if (method === 'GET' && target.startsWith(BEFORE_ID) && target.endsWith(AFTER_ID))
        return answerGate(headers, target.slice(BEFORE_ID.length, -AFTER_ID.length));
      return isAuthorize(target) ? answerAuthorize(headers) : undefined;
    },
  };
}

/** With any path or query behind it, as proxies put them there. */
const isAuthorize = (target: string): boolean =>
  target.startsWith(AUTHORIZE) &&
  (target.length === AUTHORIZE.length || target[AUTHORIZE.length] === '/' || target[AUTHORIZE.length] === '?');

/** Answers a request that node:http has read. Returns whether it has; if not, nothing was written and nothing of its body read. */
export function answerHot(
  hotPath: HotPath,
  { method, url, headers }: IncomingMessage,
  response: ServerResponse,
): boolean {
  const requestId = headers['x-request-id'] as string | undefined;
  const accountId = headers['x-account-id'] as string | undefined;
  const answer = hotPath.answer(method!, url!, { authorization: headers.authorization, accountId });
  if (!answer) return false;
  const length = `${answer.body.length}`;
  response.writeHead(answer.status, [
    'X-Request-Id',
    toRequestId(requestId),
    ...answer.headers,
    'Content-Length',
    length,
  ]);
  response.end(answer.body, 'latin1');
  return true;
}
