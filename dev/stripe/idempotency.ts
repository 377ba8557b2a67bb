// Idempotency keys by Stripe's rules (https://docs.stripe.com/api/idempotent_requests).
import { createHash } from 'node:crypto';
import { StripeError } from './errors';
import type { IdempotencyRecord } from './tables';
import type { Transaction } from './transaction';

const KEPT_SECONDS = 24 * 60 * 60;
const KEY_LENGTH_MAX = 255;

/** The keys whose first request is still being worked on. */
export class KeysInUse {
  private readonly keys = new Set<string>();

  /** Others with that key are refused until the work has ended. */
  async during<T>(key: string | null, work: () => Promise<T>): Promise<T> {
    if (key === null) return work();
    if (this.keys.has(key)) throw keyInUse(key);
    this.keys.add(key);
    return work().finally(() => this.keys.delete(key));
  }
}

export function keyInUse(key: string | null): StripeError {
  const message = `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`;
  return new StripeError(409, { type: 'idempotency_error', code: 'idempotency_key_in_use', message }, false);
}

export function checkKey(key: string): void {
  if (key.length <= KEY_LENGTH_MAX) return;
  const message = `Idempotency keys are at most ${KEY_LENGTH_MAX} characters long; this one has ${key.length}.`;
  throw new StripeError(400, { type: 'invalid_request_error', message }, false);
}

/** The answer that was given to this key, if any. The same key for something else is an error. */
export async function findAnswer(
  tx: Transaction,
  key: string,
  endpoint: string,
  params: unknown,
): Promise<IdempotencyRecord | null> {
  const record = await tx.get('idempotency', key);
  if (record === undefined || record.created < tx.now - KEPT_SECONDS) return null;
  if (record.endpoint !== endpoint) {
    throw idempotencyError(
      `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${endpoint}' vs '${record.endpoint}'). Try using a key other than '${key}' if you meant to execute a different request.`,
    );
  }
  if (record.paramsHash !== hashParams(params)) {
    throw idempotencyError(
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
    );
  }
  return record;
}

export function keepAnswer(
  tx: Transaction,
  answer: Omit<IdempotencyRecord, 'created' | 'paramsHash'> & { params: unknown },
): void {
  const { params, ...rest } = answer;
  tx.put('idempotency', { ...rest, paramsHash: hashParams(params), created: tx.now });
}

function idempotencyError(message: string): StripeError {
  return new StripeError(400, { type: 'idempotency_error', message }, false);
}

/** The order of parameters does not matter: the SDK makes no promise about it. */
function hashParams(params: unknown): string {
  return createHash('sha1').update(canonical(params)).digest('base64');
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}
