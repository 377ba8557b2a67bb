/**
 * Calls of Temporal with a deadline. Its client hands deadlines down by an AsyncLocalStorage, which on Node before 24
 * makes each promise and each request of the whole process dearer from its first use on: a tenth of all gates. So it is
 * disabled whenever no such call is under way. Nothing else in the API may call the client's own `withDeadline`.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { Connection, type Client } from '@temporalio/client';

/** How many calls are under way on each connection. */
const underWay = new WeakMap<AsyncLocalStorage<unknown>, number>();

/** Runs `work`; each of its calls that has no answer in time throws what `isTemporalOutage` knows. @param msMax from now */
export async function withDeadline<T>(client: Client, msMax: number, work: () => Promise<T>): Promise<T> {
  const contexts = client.connection instanceof Connection ? client.connection.callContextStorage : null;
  if (contexts) underWay.set(contexts, (underWay.get(contexts) ?? 0) + 1);
  try {
    return await client.withDeadline(Date.now() + msMax, work);
  } finally {
    if (contexts && leave(contexts) === 0) contexts.disable();
  }
}

function leave(contexts: AsyncLocalStorage<unknown>): number {
  const left = underWay.get(contexts)! - 1;
  underWay.set(contexts, left);
  return left;
}
