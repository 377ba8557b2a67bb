/** Takes reported usage: sorted, priced, posted once per event, and what can't be taken is kept with its reason (B3, B4). */
import type { Pool } from 'pg';
import { toKeepable, toShownId, type Rejection } from '../domain/checkEvent';
import type { PostedUsage, PricedEvent } from './postUsage';
import type { PriceBook } from './priceBook';
import { keepRejectedUsage, type RejectedEvent } from './rejectedUsage';
import { createUsageSorting, NOT_TAKEN, type Placed } from './sortUsage';

export type TakenUsage = {
  accepted: number;
  duplicates: number;
  /** In order of their places. */
  rejected: Placed<Rejection>[];
  positions: PostedUsage['positions'];
};

export type UsageTaking = {
  pool: Pool;
  prices: PriceBook;
  now(): number;
  /** Posts events that were checked and priced, alone or with others; `first` is the place of the first of them. */
  post(events: readonly PricedEvent[]): Promise<{ result: PostedUsage; first: number }>;
};

/** Throws what `post` throws: then nothing was taken, or a repeat will find duplicates. */
export function createUsageTaking({ pool, prices, now, post }: UsageTaking): (raw: readonly unknown[]) => Promise<TakenUsage> {
  const sortEvents = createUsageSorting(pool, prices, now);
  return async (raw) => {
    const sorted = await sortEvents(raw);
    const { events, places, rejected } = sorted;
    let { duplicates } = sorted;
    let positions: PostedUsage['positions'] = new Map();
    if (events.length > 0) {
      const { result, first } = await post(events);
      positions = result.positions;
      if (result.notTaken.size > 0) {
        events.forEach((event, place) => {
          const outcome = result.notTaken.get(first + place);
          if (outcome === 'duplicate') duplicates += 1;
          else if (outcome !== undefined) rejected.push({ index: places[place]!, ...NOT_TAKEN[outcome](event) });
        });
      }
    }
    rejected.sort((a, b) => a.index - b.index);
    if (rejected.length > 0) await keepRejectedUsage(pool, rejected.map((rejection) => toKept(raw[rejection.index], rejection)));
    return { accepted: raw.length - rejected.length - duplicates, duplicates, rejected, positions };
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
