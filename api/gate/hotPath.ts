/**
 * The gate, answered from memory before Express is asked. Whatever is not the plain case — another address or method,
 * a key or an account that is not known yet, not this key's account, a stale gate — is left to Express, where the same
 * routes stand with all their checks: so there is one place that says no, and a test compares the two.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Keyring } from '../http/auth';
import { toRequestId } from '../http/requestId';
import type { GateCache } from './gateCache';
import { toGateJson } from './gateTable';

/** Answers a request from memory. Returns whether it has; if not, nothing was written and nothing of its body read. */
export type HotPath = (request: IncomingMessage, response: ServerResponse) => boolean;

const BEFORE_ID = '/v1/accounts/';
const AFTER_ID = '/gate';
const AUTHORIZE = '/v1/authorize';

/** Names and values in turn: node:http writes a list faster than an object. */
const UNSTORED = ['Cache-Control', 'no-store'];
const JSON_BODY = ['Content-Type', 'application/json; charset=utf-8', ...UNSTORED];
const VERDICT_HEADERS = {
  ok: [...UNSTORED, 'X-Ballast-Gate', 'ok'],
  low: [...UNSTORED, 'X-Ballast-Gate', 'low'],
  reloading: [...UNSTORED, 'X-Ballast-Gate', 'reloading'],
  suspended: [...JSON_BODY, 'X-Ballast-Gate', 'suspended'],
};

export type HotPathDeps = {
  gates: Pick<GateCache, 'recall' | 'asOf'>;
  keyring: Pick<Keyring, 'recall'>;
};

export function createHotPath({ gates, keyring }: HotPathDeps): HotPath {
  function answerGate(accountId: string, { headers }: IncomingMessage, response: ServerResponse): boolean {
    const principal = headers.authorization === undefined ? undefined : keyring.recall(headers.authorization);
    if (!principal || (principal.accountId !== null && principal.accountId !== accountId)) return false;
    const gate = gates.recall(accountId);
    return gate !== undefined && write(response, 200, JSON_BODY, toGateJson(gate, gates.asOf()));
  }

  function answerAuthorize({ headers }: IncomingMessage, response: ServerResponse): boolean {
    if (headers.authorization === undefined || keyring.recall(headers.authorization)?.role !== 'service') return false;
    const accountId = headers['x-account-id'];
    const gate = typeof accountId === 'string' ? gates.recall(accountId) : undefined;
    if (!gate) return false;
    const { allowed, state } = gate.shape;
    return allowed
      ? write(response, 200, VERDICT_HEADERS[state], '')
      : write(response, 403, VERDICT_HEADERS[state], toGateJson(gate, gates.asOf()));
  }

  return (request, response) => {
    const { method, url } = request as { method: string; url: string };
    if (method === 'GET' && url.startsWith(BEFORE_ID) && url.endsWith(AFTER_ID))
      return answerGate(url.slice(BEFORE_ID.length, -AFTER_ID.length), request, response);
    return isAuthorize(url) && answerAuthorize(request, response);
  };
}

/** With any path or query behind it, as proxies put them there. */
const isAuthorize = (url: string): boolean =>
  url.startsWith(AUTHORIZE) &&
  (url.length === AUTHORIZE.length || url[AUTHORIZE.length] === '/' || url[AUTHORIZE.length] === '?');

/** @param body ASCII */
function write(response: ServerResponse, status: 200 | 403, headers: readonly string[], body: string): true {
  const requestId = toRequestId(response.req.headers['x-request-id']);
  response.writeHead(status, ['X-Request-Id', requestId, ...headers, 'Content-Length', `${body.length}`]);
  response.end(body, 'latin1');
  return true;
}
