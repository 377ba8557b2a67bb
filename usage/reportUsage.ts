/** Carries a report of usage out: checked and priced, posted once per event, and what is rejected is kept with its reason (B3, B4). */
import type { Pool } from 'pg';
import { toKeepable, toShownId, type Rejection } from '../domain/checkEvent';
import type { PostedUsage, PricedEvent } from '../ledger/usage/postUsage';
import type { Clock } from '../ledger/clock';
import type { PriceBook } from './priceBook';
import { keepRejectedUsage, type RejectedEvent } from '../ledger/usage/keepRejectedUsage';
import type { UsageCounts } from './postCounted';
import { createUsageChecking, NOT_POSTED, type Placed } from './checkUsage';

export type ReportedUsage = {
  accepted: number;
  duplicates: number;
  /** In order of their places. */
  rejected: Placed<Rejection>[];
  /** What the commits have answered. */
  posted: readonly PostedUsage[];
};

/** A commit that had some of a request's events in it, from its place `first` on; `places` are theirs in the request. */
export type PostedPart = { result: PostedUsage; first: number; places: readonly number[] };

export type UsageReporting = {
  pool: Pool;
  prices: PriceBook;
  clock: Clock;
  counts?: Pick<UsageCounts, 'reported'> | undefined;
  /** Posts events that were checked and priced, alone or with others, in one or more commits. */
  post(events: readonly PricedEvent[]): Promise<readonly PostedPart[]>;
};

/** Throws what `post` throws: then nothing was posted, or a repeat will find duplicates. */
export function createUsageReporting({
  pool,
  prices,
  clock,
  counts,
  post,
}: UsageReporting): (raw: readonly unknown[]) => Promise<ReportedUsage> {
  const checkEvents = createUsageChecking(pool, prices, clock);
  return async (raw) => {
    const checked = await checkEvents(raw);
    const { events, places, rejected } = checked;
    let { duplicates } = checked;
    const parts = events.length > 0 ? await post(events) : [];
    for (const { result, first, places: mine } of parts) {
      if (result.notPosted.size === 0) continue;
      mine.forEach((place, i) => {
        const outcome = result.notPosted.get(first + i);
        if (outcome === 'duplicate') duplicates += 1;
        else if (outcome !== undefined)
          rejected.push({ index: places[place]!, ...NOT_POSTED[outcome](events[place]!) });
      });
    }
    rejected.sort((a, b) => a.index - b.index);
    if (rejected.length > 0)
      await keepRejectedUsage(
        pool,
        rejected.map((rejection) => toKept(raw[rejection.index], rejection)),
      );
    const report = { accepted: raw.length - rejected.length - duplicates, duplicates, rejected };
    counts?.reported(report);
    return { ...report, posted: parts.map(({ result }) => result) };
  };
}

/** A rejected event as it is kept for the admins (B4). */
export const toKept = (raw: unknown, { code, message }: Rejection): RejectedEvent => ({
  accountId: toShownId((raw as { accountId?: unknown } | null)?.accountId, 64),
  eventId: toShownId((raw as { id?: unknown } | null)?.id, 128),
  code,
  message,
  event: toKeepable(raw),
});
