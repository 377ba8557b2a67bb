/** What to answer a caller who is not let through: an RFC 9457 problem, or an error as OpenAI's API has it. */
import { AccountSuspended, type ApiError, InsufficientFunds } from './errors.js';
import type { Verdict } from './gate.js';

/** RFC 9457 `application/problem+json`, or an error as OpenAI's API has it. */
export type Shape = 'problem' | 'openai';
/** A whole answer, for any framework. */
export type Denial = { status: number; headers: Record<string, string>; body: string };
/** A verdict that is a no. */
export type DeniedVerdict = Extract<Verdict, { allowed: false }>;

type Why = { status: number; code: string; title: string; detail: string; retryAfterSeconds?: number | undefined };

/** Of a gate that said no. */
export function denialOf(verdict: DeniedVerdict, shape: Shape): Denial {
  return write(whyOf(verdict), shape);
}

/** Of a hold that was refused for want of money; null for any other error. */
export function denialOfError(error: unknown, shape: Shape): Denial | null {
  if (!(error instanceof InsufficientFunds || error instanceof AccountSuspended)) return null;
  return write(outOfMoney(`${(error as ApiError).message} Add funds to go on.`), shape);
}

/** A caller who could not be told apart. */
export const denialOfStranger = (shape: Shape): Denial =>
  write(
    {
      status: 401,
      code: shape === 'openai' ? 'invalid_api_key' : 'unauthenticated',
      title: 'No valid key',
      detail: 'Send a key that belongs to an account.',
    },
    shape,
  );

/** Our own mistake: whether the caller may go on is not known, so the answer is no. */
export const denialOfFailure = (shape: Shape): Denial =>
  write({ status: 500, code: 'internal', title: 'Our mistake', detail: 'The request could not be checked.' }, shape);

function whyOf(verdict: DeniedVerdict): Why {
  switch (verdict.because) {
    case 'suspended':
      return outOfMoney(
        `The account is suspended: ${verdict.gate.reasons.join(', ')}.`,
        verdict.gate.retryAfterSeconds,
      );
    case 'unknown_account':
      return outOfMoney('The account has no balance yet.');
    case 'gate_stale':
      return {
        status: 503,
        code: 'gate_stale',
        title: 'The gate has lost its feed',
        detail: 'Whether the account may go on is not known now.',
        retryAfterSeconds: 1,
      };
  }
}

const outOfMoney = (detail: string, retryAfterSeconds?: number): Why => ({
  status: 402,
  code: 'insufficient_quota',
  title: 'The account is out of funds',
  detail,
  retryAfterSeconds,
});

function write(why: Why, shape: Shape): Denial {
  const { status, code, title, detail, retryAfterSeconds } = why;
  const retry: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
  if (shape === 'problem') {
    return {
      status,
      headers: { 'Content-Type': 'application/problem+json', ...retry },
      body: JSON.stringify({ type: 'about:blank', title, status, detail, code }),
    };
  }
  const type = code === 'insufficient_quota' ? code : status >= 500 ? 'server_error' : 'invalid_request_error';
  return {
    // As OpenAI has it. Its client libraries repeat a 429 unless they are told not to; it helps only while a reload is in flight.
    status: code === 'insufficient_quota' ? 429 : status,
    headers: {
      'Content-Type': 'application/json',
      'x-should-retry': String(retryAfterSeconds !== undefined),
      ...retry,
    },
    body: JSON.stringify({ error: { message: detail, type, param: null, code } }),
  };
}
