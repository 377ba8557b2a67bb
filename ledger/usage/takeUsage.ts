/** Takes reported usage: sorted, priced, posted once per event, and what can't be taken is kept with its reason (B3, B4). */
import type { Pool } from 'pg';
import { toKeepable, toShownId, type Rejection } from '../../domain/checkEvent';
import type { PostedUsage, PricedEvent } from './postUsage';
import type { PriceBook } from '../prices/priceBook';
import { keepRejectedUsage, type RejectedEvent } from './rejectedUsage';
import { createUsageSorting, NOT_TAKEN, type Placed } from './sortUsage';

export type TakenUsage = {
  accepted: number;
  duplicates: number;
  /** In order of their places. */
  rejected: Placed<Rejection>[];
  /** What the commits have told. */
  posted: readonly PostedUsage[];
};

/** A commit that had some of a request's events in it, from its place `first` on; `places` are theirs in the request. */
export type PostedPart = { result: PostedUsage; first: number; places: readonly number[] };

export type UsageTaking = {
  pool: Pool;
  prices: PriceBook;
  now(): number;
  /** Posts events that were checked and priced, alone or with others, in one or more commits. */
  post(events: readonly PricedEvent[]): Promise<readonly PostedPart[]>;
};

/** Throws what `post` throws: then nothing was taken, or a repeat will find duplicates. */
export function createUsageTaking({
  pool,
  prices,
  now,
  post,
}: UsageTaking): (raw: readonly unknown[]) => Promise<TakenUsage> {
  const sortEvents = createUsageSorting(pool, prices, now);
  return async (raw) => {
    const sorted = await sortEvents(raw);
    const { events, places, rejected } = sorted;
    let { duplicates } = sorted;
    const parts = events.length > 0 ? await post(events) : [];
    for (const { result, first, places: mine } of parts) {
      if (result.notTaken.size === 0) continue;
      mine.forEach((place, i) => {
        const outcome = result.notTaken.get(first + i);
        if (outcome === 'duplicate') duplicates += 1;
        else if (outcome !== undefined) rejected.push({ index: places[place]!, ...NOT_TAKEN[outcome](events[place]!) });
      });
    }
    rejected.sort((a, b) => a.index - b.index);
    if (rejected.length > 0)
      await keepRejectedUsage(
        pool,
        rejected.map((rejection) => toKept(raw[rejection.index], rejection)),
      );
    return {
      accepted: raw.length - rejected.length - duplicates,
      duplicates,
      rejected,
      posted: parts.map(({ result }) => result),
    };
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
