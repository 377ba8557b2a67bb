/** Checks reported events: those that can be posted, with their price, and those that can not, with the reason (B4). */
import type { Pool } from 'pg';
import { checkEvent, isRejection, type Rejection } from '../domain/checkEvent';
import { priceEvent } from '../domain/pricing';
import { rejectTime, type UsageEvent } from '../domain/usageEvent';
import { measureClock, type Clock } from '../ledger/clock';
import type { PricedEvent } from '../ledger/usage/postUsage';
import { findUsageEvents } from '../ledger/usage/findUsageEvents';
import type { PostedEvent } from '../ledger/usage/postedEvent';
import type { PriceBook } from './priceBook';

export type Placed<T> = { index: number } & T;
export type CheckedUsage = {
  /** In order of their places. */
  events: PricedEvent[];
  /** The index of each of `events` in what was reported. */
  places: number[];
  rejected: Placed<Rejection>[];
  duplicates: number;
};

/** What comes too late. */
type Late = Placed<{ event: UsageEvent } & Rejection>;

/** What is no UUID is no hold; the ledger knows which are. */
const HOLD_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function check(raw: unknown, nowMs: number): UsageEvent | Rejection {
  const event = checkEvent(raw, nowMs);
  return !isRejection(event) && event.holdId !== null && !HOLD_ID.test(event.holdId)
    ? NOT_POSTED.unknown_hold(event)
    : event;
}

export function createUsageChecking(
  pool: Pool,
  prices: PriceBook,
  clock: Clock,
): (raw: readonly unknown[]) => Promise<CheckedUsage> {
  /** Whatever this process does not know yet is looked up before it is refused. */
  async function checkEvents(raw: readonly unknown[]): Promise<CheckedUsage> {
    // What names no time is of now: of the database's.
    if (clock.mayHaveSlept()) await measureClock(pool, clock);
    const nowMs = clock.now();
    const rejected: Placed<Rejection>[] = [];
    let late: Late[] = [];
    const timely: Placed<{ event: UsageEvent }>[] = [];
    await prices.fresh();
    for (let index = 0; index < raw.length; index++) {
      const event = check(raw[index], nowMs);
      if (isRejection(event)) {
        rejected.push({ index, ...event });
        continue;
      }
      const message = rejectTime(event.atMs, nowMs);
      if (message !== null) {
        late.push({ index, event, code: 'at_out_of_range', message });
        continue;
      }
      timely.push({ index, event });
    }
    if (late.some(({ event }) => event.atMs > nowMs)) {
      // A machine that was suspended is behind until the database has told it the time: nothing is refused as ahead before.
      await measureClock(pool, clock);
      const trueMs = clock.now();
      timely.push(...late.filter(({ event }) => rejectTime(event.atMs, trueMs) === null));
      timely.sort((a, b) => a.index - b.index);
      late = late.filter(({ event }) => rejectTime(event.atMs, trueMs) !== null);
    }
    const unknown = new Set<string>();
    for (const { event } of timely)
      if (typeof prices.find(event.model, event.atMs) === 'string') unknown.add(event.model);
    if (unknown.size > 0) await prices.learn([...unknown]);
    const { duplicates, refused } = await checkLate(pool, late);
    return { ...priceAll(timely, rejected), rejected: [...rejected, ...refused], duplicates };
  }

  function priceAll(
    timely: readonly Placed<{ event: UsageEvent }>[],
    rejected: Placed<Rejection>[],
  ): Pick<CheckedUsage, 'events' | 'places'> {
    const events: PricedEvent[] = [];
    const places: number[] = [];
    for (const { index, event } of timely) {
      const cost = priceOf(prices, event);
      if (typeof cost !== 'bigint') {
        rejected.push({ index, ...cost });
        continue;
      }
      const priced = event as PricedEvent; // the check has made it for us: no copy is needed
      priced.cost = cost;
      events.push(priced);
      places.push(index);
    }
    return { events, places };
  }

  return checkEvents;
}

function priceOf(prices: PriceBook, event: UsageEvent): PricedEvent['cost'] | Rejection {
  const price = prices.find(event.model, event.atMs);
  if (price === 'unknown_model') return { code: 'unknown_model', message: `there is no model ${event.model}` };
  if (price === 'no_price') return { code: 'no_price', message: `the model ${event.model} has no price at this time` };
  const result = priceEvent(price, event);
  return result.kind === 'priced' ? result.cost : { code: 'no_price', message: result.because };
}

/** An event that was posted in its time and comes again later is a duplicate, for as long as it is kept (B3, B8). */
async function checkLate(
  pool: Pool,
  late: readonly Late[],
): Promise<{ duplicates: number; refused: Placed<Rejection>[] }> {
  const refused: Placed<Rejection>[] = [];
  let duplicates = 0;
  const found =
    late.length > 0
      ? await findUsageEvents(
          pool,
          late.map(({ event }) => event),
        )
      : [];
  for (const [place, { index, event, code, message }] of late.entries()) {
    const existing = found[place];
    if (!existing) refused.push({ index, code, message });
    else if (isSameUsage(event, existing)) duplicates += 1;
    else refused.push({ index, ...NOT_POSTED.event_conflict(event) });
  }
  return { duplicates, refused };
}

/** Why the ledger has not taken an event. */
export const NOT_POSTED = {
  event_conflict: ({ id }: UsageEvent): Rejection => ({
    code: 'event_conflict',
    message: `the event ${id} exists already with other content`,
  }),
  unknown_hold: ({ holdId }: UsageEvent): Rejection => ({
    code: 'unknown_hold',
    message: `there is no hold ${holdId}`,
  }),
  unknown_account: ({ accountId }: UsageEvent): Rejection => ({
    code: 'unknown_account',
    message: `there is no account ${accountId}`,
  }),
  account_closed: ({ accountId }: UsageEvent): Rejection => ({
    code: 'account_closed',
    message: `the account ${accountId} is closed`,
  }),
  not_storable: ({ accountId }: UsageEvent): Rejection => ({
    code: 'invalid_event',
    message: `the balance of ${accountId} can not hold this event's cost`,
  }),
};

/** The counts and the model make an event what it is; its time does not (B3). */
export const isSameUsage = (event: UsageEvent, existing: PostedEvent): boolean =>
  (['model', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'images', 'imageSize'] as const).every(
    (field) => event[field] === existing[field],
  );
