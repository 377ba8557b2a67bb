/** Starts workflows side by side: one that can't be started holds up no other. */
import type { Client } from '@temporalio/client';

/** Temporal answers in milliseconds, or is away. */
const START_MS_MAX = 10_000;

export type Started<T> = { started: T[]; failed: { item: T; error: Error }[] };

/** `start` is given so much time; what has not been answered by then has failed, and may have been started all the same. */
export async function startEach<T>(
  client: Client,
  items: readonly T[],
  start: (item: T) => Promise<void>,
): Promise<Started<T>> {
  const outcomes = await Promise.allSettled(
    items.map((item) => client.withDeadline(Date.now() + START_MS_MAX, () => start(item))),
  );
  const result: Started<T> = { started: [], failed: [] };
  outcomes.forEach((outcome, place) => {
    const item = items[place]!;
    if (outcome.status === 'fulfilled') result.started.push(item);
    else result.failed.push({ item, error: outcome.reason as Error });
  });
  return result;
}
