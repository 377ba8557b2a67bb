/**
 * The gate, answered from memory before Express is asked. Whatever is not the plain case — another address or method,
 * a key or an account that is not known yet, not this key's account, a stale gate — is left to Express, where the same
 * routes stand with all their checks: so there is one place that says no, and a test compares the two.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRequestId } from './dispatch';
import { toGateJson, type KnownGate } from './gateTable';
import type { Services } from './services';

const BEFORE_ID = '/v1/accounts/';
const AFTER_ID = '/gate';

/** Returns whether it has answered. */
export type HotPath = (request: IncomingMessage, response: ServerResponse) => boolean;

export function createHotPath({ gates, keyring }: Pick<Services, 'gates' | 'keyring'>): HotPath {
  function answerGate(request: IncomingMessage, response: ServerResponse, accountId: string): boolean {
    const { authorization } = request.headers;
    const principal = authorization === undefined ? undefined : keyring.recall(authorization);
    if (!principal || (principal.accountId !== null && principal.accountId !== accountId)) return false;
    const gate = gates.recall(accountId);
    if (!gate) return false;
    const body = toGateJson(gate, gates.asOf());
    response.writeHead(200, [
      'X-Request-Id', requestIdOf(request), 'Content-Type', 'application/json; charset=utf-8', 'Cache-Control', 'no-store', 'Content-Length', `${body.length}`,
    ]);
    response.end(body, 'latin1');
    return true;
  }

  function answerAuthorize(request: IncomingMessage, response: ServerResponse): boolean {
    const { authorization, 'x-account-id': accountId } = request.headers;
    if (authorization === undefined || keyring.recall(authorization)?.role !== 'service') return false;
    const gate = typeof accountId === 'string' ? gates.recall(accountId) : undefined;
    if (!gate) return false;
    if (gate.shape.allowed) allow(request, response, gate);
    else deny(request, response, gate);
    return true;
  }

  function allow(request: IncomingMessage, response: ServerResponse, gate: KnownGate): void {
    response.writeHead(200, ['X-Request-Id', requestIdOf(request), 'Cache-Control', 'no-store', 'X-Ballast-Gate', gate.shape.state, 'Content-Length', '0']);
    response.end();
  }

  function deny(request: IncomingMessage, response: ServerResponse, gate: KnownGate): void {
    const body = toGateJson(gate, gates.asOf());
    response.writeHead(403, [
      'X-Request-Id', requestIdOf(request), 'Content-Type', 'application/json; charset=utf-8', 'Cache-Control', 'no-store',
      'X-Ballast-Gate', gate.shape.state, 'Content-Length', `${body.length}`,
    ]);
    response.end(body, 'latin1');
  }

  return (request, response) => {
    if (request.method !== 'GET') return false;
    const url = request.url!;
    if (url === '/v1/authorize') return answerAuthorize(request, response);
    if (url.endsWith(AFTER_ID) && url.startsWith(BEFORE_ID)) return answerGate(request, response, url.slice(BEFORE_ID.length, -AFTER_ID.length));
    return false;
  };
}

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && isRequestId(given) ? given : randomUUID();
}
