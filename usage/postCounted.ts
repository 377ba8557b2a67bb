/** Posts usage, and counts what it has deducted. */
import type { RejectionCode } from '../domain/usageEvent';
import type { Db } from '../ledger/db';
import { postUsage, type PostedUsage, type PricedEvent } from '../ledger/usage/postUsage';

/** What is counted of usage, for metrics. */
export type UsageCounts = {
  reported(report: { accepted: number; duplicates: number; rejected: readonly { code: RejectionCode }[] }): void;
  /** A commit has ended; `costNano` is what it has deducted. */
  committed(events: number, seconds: number, costNano: bigint): void;
  /** A commit has failed: nobody knows whether anything was taken. */
  failed(): void;
};

export async function postCounted(
  db: Db,
  events: readonly PricedEvent[],
  counts: Pick<UsageCounts, 'committed'> | undefined,
): Promise<PostedUsage> {
  const startedMs = performance.now();
  const posted = await postUsage(db, events);
  counts?.committed(events.length, (performance.now() - startedMs) / 1_000, deducted(events, posted));
  return posted;
}

/** What the accounts were charged for events that were posted now. */
function deducted(events: readonly PricedEvent[], { notPosted }: PostedUsage): bigint {
  let nano = 0n;
  events.forEach(({ cost }, place) => {
    if (!notPosted.has(place)) nano += cost;
  });
  return nano;
}
