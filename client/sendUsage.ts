/** One request with a batch of usage, and whether its answer is the API's. */
import { Unreachable } from './errors.js';
import { ask, type Connection } from './http.js';
import type { UsageAnswer } from './wire.js';

/** @param events as JSON. Throws an `ApiError` for any answer but 200, and `Unreachable` without one of the API's. */
export async function sendUsage(
  connection: Connection,
  events: readonly string[],
  signal: AbortSignal,
): Promise<UsageAnswer> {
  const body = `{"events":[${events.join(',')}]}`;
  return toAnswer(await ask(connection, { method: 'POST', path: '/v1/usage', body, signal }), events.length);
}

/** A 200 that is not the API's, such as a login page, says nothing about the events. */
function toAnswer(body: unknown, events: number): UsageAnswer {
  const { rejected, gates, epoch } = (body ?? {}) as Partial<UsageAnswer>;
  const isOurs =
    Array.isArray(rejected) &&
    rejected.every((one) => Number.isInteger(one?.index) && one.index >= 0 && one.index < events) &&
    Object.values(gates ?? {}).every((gate) => Array.isArray(gate?.reasons));
  if (!isOurs) throw new Unreachable('POST /v1/usage', new Error("the answer is not the API's"));
  return { rejected, gates: gates ?? {}, epoch };
}
