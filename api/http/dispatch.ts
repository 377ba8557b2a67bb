/** Between Express and the endpoints: the same order of checks for every route, and one way to answer. */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { notFound, Problem, type FieldError } from '../../domain/errors';
import { anybody, type Principal } from './auth';
import { parseBody, readBody } from './body';
import type { Call, Endpoint, Reply } from './endpoint';
import { fieldErrors, toProblem, toReply } from './problems';
import type { Route } from './route';
import type { Services } from '../services';

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;
/** Whether a caller's id can be taken over into headers and logs. */
export const isRequestId = (given: string): boolean => REQUEST_ID.test(given);
const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/** @param checkReplies answers must fit their schemas too: for tests */
export function dispatch(route: Route, services: Services, checkReplies: boolean): RequestHandler {
  return async (request, response) => {
    let reply: Reply;
    try {
      const call = await check(route, request, services);
      reply = await route.endpoint.handle(call, services);
      if (checkReplies) checkReply(route, reply);
    } catch (error) {
      reply = refuse(error, request, response, services);
    }
    send(response, reply);
  };
}

/** 401, foreign account 404, 403, 413 and 415, 400: in this order. */
async function check(route: Route, request: Request, services: Services): Promise<Call> {
  const principal = route.who.includes('anybody')
    ? anybody
    : await services.keyring.authenticate(request.headers.authorization);
  if (isForeign(route, principal, request)) throw notFound('account with this id');
  if (!route.who.includes(principal.role)) {
    throw new Problem('forbidden', `This takes a key of ${route.who.join(' or ')}; yours is of ${principal.role}.`);
  }
  const { endpoint } = route;
  const content = endpoint.body && parseBody(request, await readBody(request, endpoint.body), endpoint.body);
  return { principal, header: (name) => request.get(name), ...parse(endpoint, request, content) };
}

const isForeign = (route: Route, principal: Principal, request: Request): boolean =>
  principal.accountId !== null &&
  route.path.startsWith('/v1/accounts/:id') &&
  request.params.id !== principal.accountId;

function parse(
  endpoint: Endpoint,
  request: Request,
  content: unknown,
): Pick<Call, 'params' | 'query' | 'body' | 'idempotencyKey'> {
  const errors: FieldError[] = [];
  const parsed = (schema: z.ZodType | undefined, value: unknown): unknown => {
    const result = schema?.safeParse(value);
    if (result?.success === false) errors.push(...fieldErrors(result.error));
    return result?.data;
  };
  const params = parsed(endpoint.params, request.params);
  const query = parsed(endpoint.query, request.query);
  const body = endpoint.body?.unchecked ? content : parsed(endpoint.body?.schema, content);
  if (errors.length > 0) {
    throw new Problem(
      'invalid_request',
      errors.map(({ path, message }) => `${path || 'body'}: ${message}`).join('; '),
      { errors },
    );
  }
  return { params, query, body, idempotencyKey: endpoint.idempotent ? idempotencyKey(request) : '' };
}

function idempotencyKey(request: Request): string {
  const key = request.get('idempotency-key');
  if (key === undefined || key === '')
    throw new Problem(
      'idempotency_key_required',
      'Send a key of your own as Idempotency-Key: the same one when you repeat this request.',
    );
  if (!IDEMPOTENCY_KEY.test(key))
    throw new Problem('invalid_request', 'The Idempotency-Key must be 1 to 255 printable ASCII characters.');
  return key;
}

function checkReply(route: Route, reply: Reply): void {
  const schema = route.endpoint.replies[reply.status];
  if (schema === undefined)
    throw new Error(`${route.method} ${route.path} answers ${reply.status}, which it does not declare`);
  if (schema === null || typeof reply.body === 'string') return;
  const result = schema.safeParse(JSON.parse(reply.json ?? JSON.stringify(reply.body)));
  if (!result.success)
    throw new Error(`${route.method} ${route.path} answers what it does not declare: ${result.error.message}`);
}

/** Logs what is ours to mend and writes the problem. */
function refuse(error: unknown, request: Request, response: Response, { log }: Services): Reply {
  const problem = toProblem(error);
  if (problem.status >= 500) {
    const requestId = response.getHeader('X-Request-Id');
    log[problem.status === 500 ? 'error' : 'warn'](
      { err: error, requestId, method: request.method, path: request.baseUrl + request.path },
      problem.message,
    );
  }
  return toReply(problem);
}

function send(response: Response, { status, body, json, headers, stream }: Reply): void {
  if (response.destroyed) return;
  const content = json ?? (body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
  response.statusCode = status;
  if (content !== '') response.setHeader('Content-Type', 'application/json; charset=utf-8');
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (stream && response.req.method !== 'HEAD') return stream(response);
  if (status !== 204) response.setHeader('Content-Length', Buffer.byteLength(content));
  response.end(content);
}

/** Every answer carries the request's id: the caller's, or one of ours. */
export const requestIds: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id');
  response.setHeader('X-Request-Id', given !== undefined && isRequestId(given) ? given : randomUUID());
  next();
};

export const answerNotFound: RequestHandler = (request, response) =>
  send(response, toReply(new Problem('not_found', `There is nothing at ${request.path}.`)));

/** A path that exists, asked with a method that it has not. */
export const answerMethodNotAllowed =
  (methods: readonly string[]): RequestHandler =>
  (request, response) => {
    response.setHeader('Allow', methods.join(', '));
    send(response, toReply(new Problem('method_not_allowed', `${request.method} is not among ${methods.join(', ')}.`)));
  };

/** What Express itself refuses, such as a path with a broken escape. */
export const answerBroken =
  (services: Services) =>
  (error: unknown, request: Request, response: Response, _next: unknown): void => {
    const status = (error as { status?: unknown }).status;
    const broken =
      typeof status === 'number' && status < 500 ? new Problem('invalid_request', 'The address is malformed.') : error;
    send(response, refuse(broken, request, response, services));
  };
