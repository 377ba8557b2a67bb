/** Turns whatever was thrown into a problem, once, at the edge: our own as they are, outages as 503, the rest as our mistake. */
import { DatabaseError } from 'pg';
import type { z } from 'zod';
import { StoreUnavailable } from '../../batches/fileStore';
import { Problem, unavailable, type FieldError } from '../../domain/errors';
import { isDatabaseOutage } from '../../ledger/databaseOutage';
import { ReservationOver } from '../../ledger/files/reservationOver';
import { isProviderOutage } from '../../stripe/reach';
import type { Reply } from './endpoint';

const TYPE_BASE = 'https://ballast.example/errors/';

const NUMERIC_OUT_OF_RANGE = '22003';
/** Such as text that is too long for an index. */
const PROGRAM_LIMIT_EXCEEDED = '54000';

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isDatabaseOutage(error))
    return unavailable(
      'database_unavailable',
      'The database does not answer now: nothing was changed, or the same request again will find that it was.',
    );
  if (isProviderOutage(error))
    return unavailable('payments_unavailable', 'The payment provider can not be reached now; ask again.');
  if (error instanceof StoreUnavailable)
    return unavailable('storage_unavailable', 'Files can not be stored or read now; nothing was kept. Ask again.');
  if (error instanceof ReservationOver)
    return unavailable(
      'storage_unavailable',
      'The upload was held up for too long here; nothing was kept. Send it again.',
    );
  if (error instanceof DatabaseError && error.code === NUMERIC_OUT_OF_RANGE) {
    return new Problem('out_of_range', 'The account can not hold such an amount.');
  }
  // The last resort for what no schema has caught: a value that Postgres can't take is the caller's, not ours.
  if (error instanceof DatabaseError && (error.code?.startsWith('22') || error.code === PROGRAM_LIMIT_EXCEEDED))
    return new Problem('invalid_request', 'A value of the request can not be stored.');
  return new Problem('internal', 'Something went wrong on our side; the request id tells us what.');
}

/** How a route writes its errors: by RFC 9457, or as OpenAI's clients expect them. */
export type ErrorFormat = 'problem' | 'openai';

export function toReply(problem: Problem, format: ErrorFormat = 'problem'): Reply {
  const { status, extras } = problem;
  return {
    status,
    body: format === 'problem' ? toProblemBody(problem) : toOpenAiBody(problem),
    headers: {
      'Content-Type': format === 'problem' ? 'application/problem+json' : 'application/json; charset=utf-8',
      ...(extras.retryAfterSeconds !== undefined && { 'Retry-After': String(extras.retryAfterSeconds) }),
      ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
      ...extras.headers,
    },
  };
}

const toProblemBody = ({ code, status, title, message, extras }: Problem) => ({
  type: `${TYPE_BASE}${code}`,
  title,
  status,
  detail: message,
  code,
  ...(extras.errors && { errors: extras.errors }),
  ...extras.members,
});

/** OpenAI's clients choose their exception by the status; `type` is for people. */
const toOpenAiBody = ({ code, status, message, extras }: Problem) => ({
  error: {
    message,
    type: status >= 500 ? 'server_error' : status === 429 ? 'rate_limit_error' : 'invalid_request_error',
    param: extras.errors?.[0]?.path || null,
    code,
    ...(extras.errors && { errors: extras.errors }),
    ...extras.members,
  },
});

/** What zod found, a field each. */
export const fieldErrors = (error: z.ZodError, prefix = ''): FieldError[] =>
  error.issues.map((issue) => ({
    path: [prefix, ...issue.path.map(String)].filter((part) => part !== '').join('.'),
    message: issue.message,
  }));
