/** From a request that belongs to a route to its answer: the same order of checks for every route, and one way to refuse. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { ERRORS, notFound, Problem, type FieldError } from '../../domain/errors';
import { anybody, type Keyring } from './auth';
import { BodyStopped, parseBody, readBody, streamBody } from './body';
import { createCallers, isForeign, keyOf } from './callers';
import type { Call, Endpoint, Reply } from './endpoint';
import type { Tracing } from '../../telemetry/spans';
import { headerOf } from './headerOf';
import { fieldErrors, toProblem, toReply, type ErrorFormat } from './problems';
import type { RateLimiter } from './rateLimiter';
import { refusalsOf } from './responses';
import type { Route } from './route';
import { send } from './send';
import type { SessionCookies } from './sessionCookie';

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/** A request, and what routing has found in its address. Its answer carries X-Request-Id already. */
export type Asked = {
  request: IncomingMessage;
  response: ServerResponse;
  params: Readonly<Record<string, string | string[]>>;
  query: unknown;
  /** Without the query. */
  path: string;
};

export type Dispatch<Services> = {
  /** Never rejects. */
  answer(route: Route<Services>, asked: Asked): Promise<void>;
  /** Whether no handler is at work: one goes on when its caller has gone. */
  isIdle(): boolean;
  /** Answers what was thrown before a route was found. */
  refuse(error: unknown, asked: Omit<Asked, 'params' | 'query'>, format?: ErrorFormat): void;
};

export type DispatchOptions<Services> = {
  services: Services;
  /** The same with a log of one request, for a handler that logs. @param account whose request it is; undefined: nobody's, or of all */
  servicesOf(requestId: string, account: string | undefined): Services;
  keyring: Keyring;
  cookies: SessionCookies;
  limiter: RateLimiter;
  /** Of the caller, as far as proxies are trusted (TRUSTED_PROXIES). */
  addressOf(request: IncomingMessage): string;
  log: Logger;
  /** Answers must fit their schemas too: for tests. */
  checkReplies: boolean;
  /** Told of each answer of a route, for metrics. */
  onAnswered?: OnAnswered;
  /** @default there are no traces */
  tracing?: Tracing | undefined;
};

export type OnAnswered = (route: Pick<Route, 'method' | 'path'>, status: number, seconds: number) => void;

export function createDispatch<Services>(options: DispatchOptions<Services>): Dispatch<Services> {
  const { services, servicesOf, cookies, limiter, addressOf, log, checkReplies, onAnswered, tracing } = options;
  const callers = createCallers(options);

  /** 401, foreign account 404, 403, 413 and 415, 400, 429: in this order. */
  async function check(route: Route<Services>, asked: Asked): Promise<Call> {
    const { request } = asked;
    const { endpoint } = route;
    const header = (name: string) => headerOf(request, name);
    const identity = route.who.includes('anybody') ? null : callers.identityOf(request);
    const principal = identity === null ? anybody : await callers.authenticate(identity, request);
    if (isForeign(route, principal, asked)) throw notFound('account with this id');
    if (!route.who.includes(principal.role)) {
      throw new Problem('forbidden', `This takes a key of ${route.who.join(' or ')}; yours is of ${principal.role}.`);
    }
    if (identity?.by === 'session' && !isReading(request)) cookies.requireSameOrigin(header, 'by_cookie');
    const isWelcome = () =>
      identity === null ? Promise.resolve(true) : callers.isStillWelcome(identity, route, asked);
    const content = await contentOf(endpoint, request);
    const address = () => addressOf(request);
    const hasGone = () => asked.response.destroyed;
    const call = { principal, header, address, isWelcome, hasGone, ...parse(endpoint, asked, content) };
    if (route.limit && identity) await limiter.take(route.limit, { account: accountOf(asked), key: keyOf(identity) });
    return call;
  }

  let underWay = 0;

  /** The status of its answer; null: the caller has gone. */
  async function answer(route: Route<Services>, asked: Asked): Promise<number | null> {
    let reply: Reply;
    const startedMs = performance.now();
    underWay += 1;
    try {
      const call = await check(route, asked);
      const logs = route.endpoint.uses?.includes('log') === true;
      reply = await route.endpoint.handle(
        call,
        logs ? servicesOf(requestIdOf(asked), ofWhom(route, asked, call)) : services,
      );
      if (checkReplies) checkReply(route, reply);
    } catch (error) {
      if (hasGone(error, asked)) {
        asked.response.destroy();
        return null;
      }
      const problem = toRefusal(log, error, asked);
      reply = toReply(checkReplies ? declared(route, problem) : problem, route.errors);
    } finally {
      underWay -= 1;
    }
    write(log, asked, reply);
    onAnswered?.(route, reply.status, (performance.now() - startedMs) / 1_000);
    // What the handler has left of the body is read and dropped: only then is the next request of the connection heard.
    if (route.endpoint.body?.streamed) asked.request.resume();
    return reply.status;
  }

  return {
    isIdle: () => underWay === 0,
    async answer(route, asked) {
      await (tracing ? traced(tracing, route, asked, () => answer(route, asked)) : answer(route, asked));
    },
    refuse: (error, asked, format = 'problem') => write(log, asked, toReply(toRefusal(log, error, asked), format)),
  };
}

/** Logs what is ours to mend. */
function toRefusal(log: Logger, error: unknown, { request, response, path }: Omit<Asked, 'params' | 'query'>): Problem {
  const problem = toProblem(error);
  if (problem.status >= 500) {
    const requestId = requestIdOf({ response });
    const about = { err: error, requestId, method: request.method, path: toLoggedPath(path) };
    log[problem.status === 500 ? 'error' : 'warn'](about, problem.message);
  }
  return problem;
}

/** A reply that can't be written, such as a header that HTTP forbids, ends its connection and nothing else. */
function write(log: Logger, { response, request, path }: Omit<Asked, 'params' | 'query'>, reply: Reply): void {
  try {
    send(response, reply);
  } catch (error) {
    const about = {
      err: error,
      requestId: requestIdOf({ response }),
      method: request.method,
      path: toLoggedPath(path),
    };
    log.error(about, 'an answer could not be written');
    reply.dispose?.();
    response.destroy();
  }
}

/** As a span of the caller's trace, if it has one. */
function traced(
  tracing: Tracing,
  { method, path }: Pick<Route, 'method' | 'path'>,
  { request, response }: Asked,
  answer: () => Promise<number | null>,
): Promise<void> {
  const attributes = {
    'http.request.method': method.toUpperCase(),
    'http.route': path,
    'ballast.request.id': requestIdOf({ response }),
  };
  const parent = headerOf(request, 'traceparent');
  return tracing.span(`${method.toUpperCase()} ${path}`, { kind: 'server', attributes, parent }, async (note) => {
    const status = await answer();
    if (status !== null) note({ 'http.response.status_code': status });
  });
}

/** The caller ended the connection before the body was read: there is nobody to answer, and nothing is wrong. */
const hasGone = (error: unknown, { request }: Asked): boolean =>
  error instanceof BodyStopped ||
  (!request.complete && (error as NodeJS.ErrnoException | null)?.code === 'ECONNRESET' && request.destroyed);

/** Whoever has such an address may do what it says: it is a secret, and no log has it. */
const toLoggedPath = (path: string): string => path.replace(/^\/(confirm|invitations|sign-in)\/.*/, '/$1/…');

/** By HTTP's rules such a request changes nothing. */
const isReading = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD';

const requestIdOf = ({ response }: Pick<Asked, 'response'>): string => String(response.getHeader('X-Request-Id'));

/** Whose request it is: the account in the address, or else the one whose key it has. */
const ofWhom = ({ path }: Pick<Route, 'path'>, asked: Asked, { principal }: Call): string | undefined =>
  path.startsWith('/v1/accounts/:id') ? accountOf(asked) : (principal.accountId ?? undefined);

const accountOf = ({ params }: Asked): string => (typeof params.id === 'string' ? params.id : '');

async function contentOf({ body }: Endpoint, request: IncomingMessage): Promise<unknown> {
  if (!body) return undefined;
  return body.streamed ? streamBody(request, body) : parseBody(request, await readBody(request, body), body);
}

function parse(
  endpoint: Endpoint,
  { request, params, query }: Asked,
  content: unknown,
): Pick<Call, 'params' | 'query' | 'body' | 'idempotencyKey'> {
  const errors: FieldError[] = [];
  const parsed = (schema: z.ZodType | undefined, value: unknown): unknown => {
    const result = schema?.safeParse(value);
    if (result?.success === false) errors.push(...fieldErrors(result.error));
    return result?.data;
  };
  const call = {
    params: parsed(endpoint.params, params),
    query: parsed(endpoint.query, query),
    body: endpoint.body?.unchecked || endpoint.body?.streamed ? content : parsed(endpoint.body?.schema, content),
  };
  if (errors.length > 0) {
    throw new Problem(
      'invalid_request',
      errors.map(({ path, message }) => `${path || 'body'}: ${message}`).join('; '),
      { errors },
    );
  }
  return { ...call, idempotencyKey: endpoint.idempotent ? idempotencyKey(request, endpoint) : '' };
}

function idempotencyKey(request: IncomingMessage, { idempotent }: Endpoint): string {
  const key = headerOf(request, 'idempotency-key');
  if (!key && idempotent === true)
    throw new Problem(
      'idempotency_key_required',
      'Send a key of your own as Idempotency-Key: the same one when you repeat this request.',
    );
  // Who sends one relies on it: one that is empty would keep a repeat from nothing.
  if (key !== undefined && !IDEMPOTENCY_KEY.test(key))
    throw new Problem('invalid_request', 'The Idempotency-Key must be 1 to 255 printable ASCII characters.');
  return key ?? '';
}

function checkReply(route: Route, reply: Reply): void {
  const schema = route.endpoint.replies[reply.status];
  if (schema === undefined)
    throw new Error(`${route.method} ${route.path} answers ${reply.status}, which it does not declare`);
  if (schema === null || typeof reply.body === 'string' || reply.stream) return;
  const result = schema.safeParse(JSON.parse(reply.json ?? JSON.stringify(reply.body)));
  if (!result.success)
    throw new Error(`${route.method} ${route.path} answers what it does not declare: ${result.error.message}`);
}

/** The problem, or our mistake when the document does not have it for this route. */
function declared(route: Route, problem: Problem): Problem {
  const { code, status } = problem;
  if (refusalsOf(route).has(code) && status === (route.endpoint.refusalStatus?.[code] ?? ERRORS[code].status))
    return problem;
  return new Problem(
    'internal',
    `${route.method} ${route.path} refuses with ${code} (${status}) and does not declare it.`,
  );
}
