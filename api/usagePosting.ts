/** The way of reported usage: checked, priced, posted with whatever else is under way, answered when it is durable (B3–B5). */
import type { Logger } from 'pino';
import { DatabaseError, type Pool } from 'pg';
import { Problem } from '../domain/errors';
import type { Gate } from '../domain/gate';
import { priceEvent } from '../domain/pricing';
import { rejectTime, type RejectionCode, type UsageEvent } from '../domain/usageEvent';
import { toGate, type Position } from '../ledger/position';
import { postUsage, type PostedUsage, type PricedEvent } from '../ledger/postUsage';
import { keepRejectedUsage } from '../ledger/rejectedUsage';
import { readUsageEvent, type PostedEvent } from '../ledger/usageEvents';
import type { GateCache } from './gateCache';
import { createGroupCommit } from './groupCommit';
import type { PriceBook } from './priceBook';
import { checkEvent, isAccountId, toKeepable, toShownId, type Rejection } from './usageEvents';

export type UsageReport = {
  accepted: number;
  duplicates: number;
  rejected: { index: number; id: string; code: RejectionCode; message: string }[];
  gates: Record<string, Gate>;
};

export type UsagePosting = {
  /** Throws only when nothing was taken: a full queue (429), or an outage (503). */
  report(raw: readonly unknown[]): Promise<UsageReport>;
  idle(): Promise<void>;
};

export type UsagePostingDeps = {
  pool: Pool;
  prices: PriceBook;
  gates: GateCache;
  log: Logger;
  now(): number;
  /** Called with each position a commit has changed, before anybody is answered. */
  onPosted(position: Position): void;
};

/** Enough to keep Postgres busy; more only makes everybody in the batch wait longer. */
const COMMIT_EVENTS_MAX = 5_000;
const WAITING_EVENTS_MAX = 50_000;

type Placed<T> = { index: number } & T;
type Sorted = { priced: Placed<{ event: PricedEvent }>[]; rejected: Placed<Rejection>[]; duplicates: number };

export function createUsagePosting({ pool, prices, gates, log, now, onPosted }: UsagePostingDeps): UsagePosting {
  const group = createGroupCommit<PricedEvent, PostedUsage>({
    itemsMax: COMMIT_EVENTS_MAX,
    waitingMax: WAITING_EVENTS_MAX,
    // Class 22, data exceptions: such as one account's balance running out of range.
    isItemsFault: (error) => error instanceof DatabaseError && error.code?.startsWith('22') === true,
    async commit(events) {
      const posted = await postUsage(pool, events);
      for (const position of posted.positions.values()) onPosted(position);
      return posted;
    },
  });

  async function report(raw: readonly unknown[]): Promise<UsageReport> {
    const sorted = await sortEvents(raw);
    const { priced, rejected } = sorted;
    let { duplicates } = sorted;
    let positions: PostedUsage['positions'] = new Map();
    if (priced.length > 0) {
      const { result, first } = await group.submit(priced.map(({ event }) => event)).catch(toOutage);
      positions = result.positions;
      priced.forEach(({ index, event }, place) => {
        const outcome = result.notTaken.get(first + place);
        if (outcome === 'duplicate') duplicates += 1;
        else if (outcome !== undefined) rejected.push({ index, ...NOT_TAKEN[outcome](event) });
      });
    }
    rejected.sort((a, b) => a.index - b.index);
    if (rejected.length > 0) await keepRejectedUsage(pool, rejected.map((rejection) => toKept(raw[rejection.index], rejection)));
    return {
      accepted: raw.length - rejected.length - duplicates,
      duplicates,
      rejected: rejected.map(({ index, code, message }) => ({ index, id: toShownId((raw[index] as { id?: unknown } | null)?.id, 128), code, message })),
      gates: await gatesOf(raw, positions),
    };
  }

  /** Checks and prices. Whatever this process does not know yet is looked up before it is refused. */
  async function sortEvents(raw: readonly unknown[]): Promise<Sorted> {
    const nowMs = now();
    const rejected: Placed<Rejection>[] = [];
    const late: Placed<{ event: UsageEvent; message: string }>[] = [];
    const events: Placed<{ event: UsageEvent }>[] = [];
    raw.forEach((one, index) => {
      const checked = checkEvent(one, nowMs);
      if (checked.kind === 'rejected') return rejected.push({ index, code: checked.code, message: checked.message });
      const { event } = checked;
      if (event.holdId !== null) return rejected.push({ index, code: 'unknown_hold', message: `there is no hold ${event.holdId}` });
      const message = rejectTime(event.atMs, nowMs);
      return message === null ? events.push({ index, event }) : late.push({ index, event, message });
    });
    await prices.fresh();
    const unknown = new Set(events.filter(({ event }) => typeof prices.find(event.model, event.atMs) === 'string').map(({ event }) => event.model));
    if (unknown.size > 0) await prices.learn([...unknown]);
    const priced = events.flatMap(({ index, event }) => {
      const cost = priceOf(event);
      if (typeof cost === 'bigint') return [{ index, event: { ...event, cost } }];
      rejected.push({ index, ...cost });
      return [];
    });
    const { duplicates, refused } = await sortLate(late);
    return { priced, rejected: [...rejected, ...refused], duplicates };
  }

  function priceOf(event: UsageEvent): PricedEvent['cost'] | Rejection {
    const price = prices.find(event.model, event.atMs);
    if (price === 'unknown_model') return { code: 'unknown_model', message: `there is no model ${event.model}` };
    if (price === 'no_price') return { code: 'no_price', message: `the model ${event.model} has no price at this time` };
    const result = priceEvent(price, event);
    return result.kind === 'priced' ? result.cost : { code: 'no_price', message: result.because };
  }

  /** An event that was taken in its time and comes again later is a duplicate, for ever (B3). */
  async function sortLate(late: readonly Placed<{ event: UsageEvent; message: string }>[]): Promise<{ duplicates: number; refused: Placed<Rejection>[] }> {
    const refused: Placed<Rejection>[] = [];
    let duplicates = 0;
    for (const { index, event, message } of late) {
      const standing = await readUsageEvent(pool, event.accountId, event.id);
      if (!standing) refused.push({ index, code: 'at_out_of_range', message });
      else if (isSame(event, standing)) duplicates += 1;
      else refused.push({ index, ...NOT_TAKEN.event_conflict(event) });
    }
    return { duplicates, refused };
  }

  /** Of all accounts named: what the commit has told, or else what is known. What was taken stands, so nothing is thrown here. */
  async function gatesOf(raw: readonly unknown[], positions: PostedUsage['positions']): Promise<Record<string, Gate>> {
    const found = Object.create(null) as Record<string, Gate>; // an account may be called __proto__
    for (const id of new Set(raw.map((one) => (one as { accountId?: unknown } | null)?.accountId))) {
      if (typeof id !== 'string' || !isAccountId(id)) continue;
      const position = positions.get(id);
      const gate = position ? toGate(position, now()) : await gates.find(id).catch(() => null);
      if (gate) found[id] = gate;
    }
    return found;
  }

  /** What a commit fails on was not taken, or will be a duplicate: the caller repeats it. */
  function toOutage(error: unknown): never {
    if (error instanceof Problem) throw error;
    log.warn({ err: error }, 'a commit of usage failed');
    throw new Problem('database_unavailable', 'The usage could not be stored; send the same events again.', { retryAfterSeconds: 1 });
  }

  return { report, idle: group.idle };
}

const NOT_TAKEN = {
  event_conflict: ({ id }: UsageEvent): Rejection => ({ code: 'event_conflict', message: `the event ${id} stands already with other content` }),
  unknown_account: ({ accountId }: UsageEvent): Rejection => ({ code: 'unknown_account', message: `there is no account ${accountId}` }),
};

/** The counts and the model make an event what it is; its time does not (B3). */
const isSame = (event: UsageEvent, standing: PostedEvent): boolean =>
  (['model', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'images', 'imageSize'] as const).every((field) => event[field] === standing[field]);

const toKept = (raw: unknown, { code, message }: Rejection) => ({
  accountId: toShownId((raw as { accountId?: unknown } | null)?.accountId, 64),
  eventId: toShownId((raw as { id?: unknown } | null)?.id, 128),
  code,
  message,
  event: toKeepable(raw),
});
