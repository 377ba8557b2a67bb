// The way of one API request: key check, fault, idempotency, the work itself, the answer.
import { setTimeout as sleep } from 'node:timers/promises';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { Handler } from './apiRequest';
import { internalError, invalidApiKey, rateLimited, StripeError, unavailable, unrecognizedUrl } from './errors';
import { API_VERSION } from './newEvent';
import { expand, splitExpand } from './expand';
import type { Effect, Faults } from './faults';
import { parseForm } from './form';
import { checkKey, findAnswer, keepAnswer, keyInUse, KeysInUse } from './idempotency';
import { newId } from './ids';
import type { LoggedRequest, RequestLog } from './requestLog';
import { routes } from './routes';
import { runWork, type Environment, type Transaction } from './transaction';

export type Log = { error(details: object, message: string): void };

export type ApiParts = {
  environment: Environment;
  faults: Faults;
  requests: RequestLog;
  /** Without it, every key that begins with `sk_test_` is taken. */
  secretKey: string | undefined;
  log: Log;
};

type Call = LoggedRequest & { handler: Handler; ids: string[]; fault: Effect | null };
type Result = { status: number; body: string; originalRequest: string | null };

const ID_LENGTH_MAX = 255;
const BROKEN = '<html><body>upstream proxy: {"id": "pi_';

export function createApi(parts: ApiParts): Router {
  const router = express.Router();
  const keysInUse = new KeysInUse();
  router.use((request, response, next) => {
    begin(parts, request, response);
    next();
  });
  for (const [method, pattern, handler] of routes) {
    router[method](pattern, (request: Request, response: Response) =>
      answer(parts, keysInUse, handler, request, response),
    );
  }
  router.use((request: Request) => {
    throw unrecognizedUrl(request.method, request.path);
  });
  router.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const known = error instanceof StripeError ? error : internalError();
    if (known !== error) parts.log.error({ err: error, path: request.path }, 'the simulator failed');
    loggedOf(response).status = known.status;
    response.status(known.status).json({ error: known.body });
  });
  return router;
}

/** Logs the request and checks its keys, before anything is looked up. */
function begin({ requests, secretKey }: ApiParts, request: Request, response: Response): void {
  const { method, path } = request;
  const idempotencyKey = method === 'POST' ? (request.get('idempotency-key') ?? null) : null;
  const logged = requests.add({
    id: newId('req', 14),
    at: new Date().toISOString(),
    method,
    path,
    idempotencyKey,
    params: {},
    status: null,
    replayed: false,
    fault: null,
  });
  response.locals.logged = logged;
  response.set({ 'request-id': logged.id, 'stripe-version': request.get('stripe-version') ?? API_VERSION });
  checkSecretKey(request.get('authorization'), secretKey);
  if (idempotencyKey !== null) checkKey(idempotencyKey);
  const query = request.url.split('?')[1] ?? '';
  logged.params = { ...parseForm(query), ...parseForm((request.body as string | undefined) ?? '') };
}

function loggedOf(response: Response): LoggedRequest {
  return response.locals.logged as LoggedRequest;
}

function checkSecretKey(header: string | undefined, wanted: string | undefined): void {
  const basic = header?.startsWith('Basic ')
    ? Buffer.from(header.slice(6), 'base64').toString().split(':')[0]
    : undefined;
  const shown = basic ?? header?.replace(/^Bearer /, '') ?? '';
  const accepted = wanted === undefined ? shown.startsWith('sk_test_') : shown === wanted;
  if (!accepted) throw invalidApiKey(`${shown.slice(0, 8)}********`);
}

async function answer(
  { environment, faults }: ApiParts,
  keysInUse: KeysInUse,
  handler: Handler,
  request: Request,
  response: Response,
): Promise<void> {
  const logged = loggedOf(response);
  const fault = await faults.next(logged, environment.store);
  logged.fault = fault?.effect ?? null;
  if (fault?.effect === 'error_409') throw keyInUse(logged.idempotencyKey);
  if (fault?.effect === 'error_429') throw rateLimited();
  if (fault?.effect === 'error_503') throw unavailable();
  if (fault?.effect === 'timeout_before') return;
  if (fault?.effect === 'reset_before') return void request.socket.resetAndDestroy();
  const call: Call = {
    ...logged,
    handler,
    ids: Object.values(request.params as Record<string, string>),
    fault: fault?.effect ?? null,
  };
  const result = await keysInUse.during(call.idempotencyKey, async () => {
    // Without a reference: a delay must not keep a stopped simulator alive.
    if (fault?.effect === 'delay') await sleep(fault.delayMs, undefined, { ref: false });
    const origin = { requestId: call.id, idempotencyKey: call.idempotencyKey };
    return runWork(environment, origin, (tx) => answerOnce(tx, call));
  });
  logged.replayed = result.originalRequest !== null;
  if (fault?.effect === 'timeout_after') return;
  if (fault?.effect === 'reset_after') return void request.socket.resetAndDestroy();
  logged.status = result.status;
  if (call.idempotencyKey !== null) response.set('idempotency-key', call.idempotencyKey);
  if (result.originalRequest !== null)
    response.set({ 'original-request': result.originalRequest, 'idempotent-replayed': 'true' });
  if (fault?.effect === 'garbage') response.type('html').send(BROKEN);
  else response.status(result.status).type('json').send(result.body);
}

async function answerOnce(tx: Transaction, call: Call): Promise<Result> {
  const { idempotencyKey: key, params, id } = call;
  const named = [key, ...call.ids, ...Object.values(params)];
  await tx.load(named.filter((value) => typeof value === 'string' && value.length <= ID_LENGTH_MAX) as string[]);
  const endpoint = `${call.method} ${call.path}`;
  const kept = key === null ? null : await findAnswer(tx, key, endpoint, params);
  if (kept !== null) return { status: kept.status, body: kept.body, originalRequest: kept.requestId };
  const { status, body } = await execute(tx, call);
  if (key !== null) keepAnswer(tx, { id: key, endpoint, params, status, body, requestId: id });
  return { status, body, originalRequest: null };
}

/** An error after the work began is an answer like any other; an earlier one leaves no trace. */
async function execute(tx: Transaction, call: Call): Promise<{ status: number; body: string }> {
  const { handler, method, path, ids, fault } = call;
  try {
    if (fault === 'error_500') throw internalError();
    const { params, paths } = splitExpand(call.params);
    const object = await expand(tx, await handler(tx, { method, path, ids, params }), paths);
    if (fault === 'error_500_after') throw internalError();
    return { status: 200, body: JSON.stringify(object) };
  } catch (error) {
    if (!(error instanceof StripeError) || !error.executed) throw error;
    return { status: error.status, body: JSON.stringify({ error: error.body }) };
  }
}
