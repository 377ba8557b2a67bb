/** Posts usage, and counts what it has deducted. */
import type { RejectionCode } from '../domain/usageEvent';
import type { PostedUnlocked } from '../ledger/usage/postUnlocked';
import type { PostedUsage, PricedEvent } from '../ledger/usage/postUsage';

/** What is counted of usage, for metrics. */
export type UsageCounts = {
  reported(report: { accepted: number; duplicates: number; rejected: readonly { code: RejectionCode }[] }): void;
  /** A commit has ended, with so many events that it has not left out; `costNano` is what it has deducted. */
  committed(events: number, seconds: number, costNano: bigint): void;
  /** A commit has failed: nobody knows whether anything was taken. */
  failed(): void;
};

/** @param post commits the events, all or those of some accounts */
export async function postCounted<Posted extends PostedUsage & Partial<PostedUnlocked>>(
  events: readonly PricedEvent[],
  counts: Pick<UsageCounts, 'committed'> | undefined,
  post: () => Promise<Posted>,
): Promise<Posted> {
  const startedMs = performance.now();
  const posted = await post();
  const seconds = (performance.now() - startedMs) / 1_000;
  const { locked } = posted;
  const taken = locked?.size ? events.filter(({ accountId }) => !locked.has(accountId)).length : events.length;
  if (taken > 0) counts?.committed(taken, seconds, deducted(events, posted));
  return posted;
}

/** What the accounts were charged for events that were posted now. */
function deducted(events: readonly PricedEvent[], { positions, notPosted }: PostedUsage): bigint {
  let nano = 0n;
  events.forEach(({ accountId, cost }, place) => {
    if (positions.has(accountId) && !notPosted.has(place)) nano += cost;
  });
  return nano;
}
