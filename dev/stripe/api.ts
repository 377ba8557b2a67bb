// The way of one API request: key check, fault, idempotency, the work itself, the answer.
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { internalError, invalidApiKey, rateLimited, StripeError, unavailable, unrecognizedUrl } from './errors';
import { expand, splitExpand } from './expand';
import type { Effect, Faults } from './faults';
import { parseForm, type Form } from './form';
import type { Log } from './http';
import { checkKey, findAnswer, keepAnswer, KeysInUse } from './idempotency';
import { newId } from './ids';
import type { LoggedRequest, RequestLog } from './requestLog';
import { createRouter, type Match } from './router';
import { routes } from './routes';
import { runWork, type Environment, type Transaction } from './transaction';

export type ApiAnswer = { status: number; body: string; headers: Record<string, string> };

/** What the connection gets instead of an answer. */
export type NoAnswer = 'hang' | 'reset';

type Call = {
  requestId: string;
  key: string | null;
  method: string;
  path: string;
  params: Form;
  match: Match;
  fault: Effect | null;
};
type Result = { status: number; body: string; originalRequest: string | null };

const route = createRouter(routes);

export class Api {
  private readonly keysInUse = new KeysInUse();

  constructor(
    private readonly environment: Environment,
    private readonly faults: Faults,
    private readonly requests: RequestLog,
    private readonly secretKey: string | undefined,
    private readonly log: Log,
  ) {}

  async handle(request: IncomingMessage, url: URL, body: string): Promise<ApiAnswer | NoAnswer> {
    const requestId = newId('req', 14);
    const method = request.method ?? 'GET';
    const key = method === 'POST' ? ((request.headers['idempotency-key'] as string | undefined) ?? null) : null;
    const entry: LoggedRequest = this.requests.add({
      id: requestId,
      at: new Date().toISOString(),
      method,
      path: url.pathname,
      idempotencyKey: key,
      params: {},
      status: null,
      replayed: false,
      fault: null,
    });
    try {
      this.authenticate(request.headers.authorization);
      if (key !== null) checkKey(key);
      const params = { ...parseForm(url.search.slice(1)), ...parseForm(body) };
      entry.params = params;
      const match = route(method, url.pathname);
      if (match === null) throw unrecognizedUrl(method, url.pathname);
      const fault = this.faults.next({ method, path: url.pathname, params }, this.environment.store);
      entry.fault = fault?.effect ?? null;
      const early = fault === null ? null : answerEarly(fault.effect);
      if (early !== null) return early;
      const call: Call = {
        requestId,
        key,
        method,
        path: url.pathname,
        params,
        match,
        fault: entry.fault as Effect | null,
      };
      const result = await this.withKey(call, fault?.effect === 'delay' ? fault.delayMs : 0);
      entry.replayed = result.originalRequest !== null;
      const late = entry.fault === null ? null : answerLate(entry.fault as Effect);
      if (late === null || typeof late === 'object') entry.status = result.status;
      return late ?? answerOf(call, result);
    } catch (error) {
      const known = error instanceof StripeError ? error : internalError();
      if (!(error instanceof StripeError)) this.log.error({ err: error, path: url.pathname }, 'the simulator failed');
      entry.status = known.status;
      return {
        status: known.status,
        body: JSON.stringify({ error: known.body }),
        headers: { 'request-id': requestId },
      };
    }
  }

  private authenticate(header: string | undefined): void {
    const basic = header?.startsWith('Basic ')
      ? Buffer.from(header.slice(6), 'base64').toString().split(':')[0]
      : undefined;
    const shown = basic ?? header?.replace(/^Bearer /, '') ?? '';
    const accepted = this.secretKey === undefined ? shown.startsWith('sk_test_') : shown === this.secretKey;
    if (!accepted) throw invalidApiKey(`${shown.slice(0, 8)}********`);
  }

  /** While one request works under a key, others with that key are told so. */
  private async withKey(call: Call, delayMs: number): Promise<Result> {
    if (call.key !== null) this.keysInUse.take(call.key);
    try {
      // Without a reference: a delay must not keep a stopped simulator alive.
      if (delayMs > 0) await sleep(delayMs, undefined, { ref: false });
      const origin = { requestId: call.requestId, idempotencyKey: call.key };
      const result = await runWork(this.environment, origin, (tx) => answerOnce(tx, call));
      await this.environment.store.settled();
      return result;
    } finally {
      if (call.key !== null) this.keysInUse.release(call.key);
    }
  }
}

function answerOnce(tx: Transaction, call: Call): Result {
  const endpoint = `${call.method} ${call.path}`;
  const kept = call.key === null ? null : findAnswer(tx.environment.store, call.key, endpoint, call.params);
  if (kept !== null) return { status: kept.status, body: kept.body, originalRequest: kept.requestId };
  const { status, body } = execute(tx, call);
  if (call.key !== null)
    keepAnswer(tx, { id: call.key, endpoint, params: call.params, status, body, requestId: call.requestId });
  return { status, body, originalRequest: null };
}

/** An error after the work began is an answer like any other; an earlier one leaves no trace. */
function execute(tx: Transaction, { match, method, path, params: all, fault }: Call): { status: number; body: string } {
  try {
    if (fault === 'error_500') throw internalError();
    const { params, paths } = splitExpand(all);
    const object = expand(tx, match.handler(tx, { method, path, ids: match.ids, params }), paths);
    if (fault === 'error_500_after') throw internalError();
    return { status: 200, body: JSON.stringify(object) };
  } catch (error) {
    if (!(error instanceof StripeError) || !error.executed) throw error;
    return { status: error.status, body: JSON.stringify({ error: error.body }) };
  }
}

function answerEarly(effect: Effect): NoAnswer | null {
  if (effect === 'error_429') throw rateLimited();
  if (effect === 'error_503') throw unavailable();
  if (effect === 'timeout_before') return 'hang';
  return effect === 'reset_before' ? 'reset' : null;
}

function answerLate(effect: Effect): ApiAnswer | NoAnswer | null {
  if (effect === 'timeout_after') return 'hang';
  if (effect === 'reset_after') return 'reset';
  if (effect !== 'garbage') return null;
  return { status: 200, body: '<html><body>upstream proxy: {"id": "pi_', headers: { 'content-type': 'text/html' } };
}

function answerOf({ requestId, key }: Call, { status, body, originalRequest }: Result): ApiAnswer {
  const headers: Record<string, string> = { 'request-id': requestId };
  if (key !== null) headers['idempotency-key'] = key;
  if (originalRequest !== null) {
    headers['original-request'] = originalRequest;
    headers['idempotent-replayed'] = 'true';
  }
  return { status, body, headers };
}
