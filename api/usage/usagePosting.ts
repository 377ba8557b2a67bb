/** The way of reported usage: checked, priced, posted with whatever else is under way, answered when it is durable (B3–B5). */
import type { Logger } from 'pino';
import type { Pool } from 'pg';
import { isAccountId, toShownId } from '../../domain/checkEvent';
import { Problem } from '../../domain/errors';
import type { RejectionCode } from '../../domain/usageEvent';
import type { MovedPosition } from '../../ledger/accounts/position';
import type { Clock } from '../../ledger/clock';
import { NONE_LOCKED, postUnlocked, type PostedUnlocked } from '../../ledger/usage/postUnlocked';
import { postUsage, type PostedUsage, type PricedEvent } from '../../ledger/usage/postUsage';
import { isLockTimeout } from '../../ledger/whenFree';
import type { Tracing } from '../../telemetry/spans';
import { createCommitLanes } from './commitLanes';
import type { GateCache } from '../gate/gateCache';
import { toGateJson } from '../gate/gateTable';
import type { PriceBook } from '../../usage/priceBook';
import { isEventsFault } from '../../usage/postApart';
import { postCounted, type UsageCounts } from '../../usage/postCounted';
import { createUsageReporting } from '../../usage/reportUsage';

export type UsageReport = {
  accepted: number;
  duplicates: number;
  rejected: { index: number; id: string; code: RejectionCode; message: string }[];
  /** As JSON, by account id: thousands of them are written faster than built. */
  gates: string;
  /** Of the gates' versions, as the stream of gates has it; left out while it is not known. */
  epoch?: string;
};

export type UsagePosting = {
  /** Throws for a full queue (429), and nothing was taken; or for an outage (503), and what was taken is a duplicate when it comes again. */
  report(raw: readonly unknown[]): Promise<UsageReport>;
  idle(): Promise<void>;
  /** How many events wait for a commit. */
  waiting(): number;
};

export type UsagePostingDeps = {
  pool: Pool;
  prices: PriceBook;
  gates: GateCache;
  log: Logger;
  clock: Clock;
  /** Called with each position a commit has changed, before anybody is answered. */
  onPosted(position: MovedPosition): void;
  counts?: UsageCounts | undefined;
  tracing?: Tracing | undefined;
};

/** Enough to keep Postgres busy; more only makes everybody in the batch wait longer. */
export const COMMIT_EVENTS_MAX = 5_000;
/** In each lane: about a second's work. */
const WAITING_EVENTS_MAX = 25_000;

export function createUsagePosting({
  pool,
  prices,
  gates,
  log,
  clock,
  onPosted,
  counts,
  tracing,
}: UsagePostingDeps): UsagePosting {
  const lanes = createCommitLanes({
    itemsMax: COMMIT_EVENTS_MAX,
    waitingMax: WAITING_EVENTS_MAX,
    isItemsFault: isEventsFault,
    keepContext: tracing?.keep,
    commit(events, waits) {
      const work = () => commit({ pool, counts, onPosted }, events, waits);
      return tracing ? tracing.span('usage commit', { attributes: { events: events.length } }, work) : work();
    },
  });

  const reportUsage = createUsageReporting({
    pool,
    prices,
    clock,
    counts,
    post: (events) => lanes.submit(events).catch(toOutage),
  });

  async function report(raw: readonly unknown[]): Promise<UsageReport> {
    // Asked before the commit: what is committed after it is of this history, or of a later one that versions tell of.
    const epoch = gates.point()?.epoch;
    const { accepted, duplicates, rejected, posted } = await reportUsage(raw);
    const report = {
      accepted,
      duplicates,
      rejected: rejected.map(({ index, code, message }) => ({
        index,
        id: toShownId((raw[index] as { id?: unknown } | null)?.id, 128),
        code,
        message,
      })),
    };
    return {
      ...report,
      gates: await gatesOf(raw, posted),
      ...(epoch !== undefined && { epoch }),
    };
  }

  /** The gate of each account named: from the commit, or else the last one known. The events are durable by now, so nothing is thrown here. */
  async function gatesOf(raw: readonly unknown[], posted: readonly PostedUsage[]): Promise<string> {
    const found: string[] = [];
    const asOfMs = clock.now();
    const asOf = { ms: asOfMs, text: new Date(asOfMs).toISOString() };
    for (const id of new Set(raw.map((one) => (one as { accountId?: unknown } | null)?.accountId))) {
      if (typeof id !== 'string' || !isAccountId(id)) continue;
      const known = posted.some(({ positions }) => positions.has(id)) ? gates.table.get(id) : undefined;
      const gate = known ? toGateJson(known, asOf) : JSON.stringify(await gates.find(id).catch(() => null));
      if (gate !== 'null') found.push(`"${id}":${gate}`);
    }
    return `{${found.join(',')}}`;
  }

  /**
   * What a commit fails on was not taken, or will be a duplicate: the caller repeats it. What Postgres has refused for one
   * event alone is our mistake (500), by which a caller knows that others may pass.
   */
  function toOutage(error: unknown): never {
    if (error instanceof Problem) throw error;
    counts?.failed();
    if (isEventsFault(error)) throw error;
    log.warn({ err: error }, 'a commit of usage failed');
    throw new Problem('database_unavailable', 'The usage could not be stored; send the same events again.', {
      retryAfterSeconds: 1,
    });
  }

  return { report, idle: lanes.idle, waiting: lanes.waiting };
}

async function commit(
  { pool, counts, onPosted }: Pick<UsagePostingDeps, 'pool' | 'counts' | 'onPosted'>,
  events: readonly PricedEvent[],
  waits: boolean,
): Promise<PostedUnlocked> {
  const posted = await postCounted(events, counts, () =>
    waits ? postWaiting(pool, events) : postUnlocked(pool, events),
  );
  for (const position of posted.positions.values()) onPosted(position);
  return posted;
}

/** One account that stays locked fails the statement for all: then the others are posted without it. */
async function postWaiting(pool: Pool, events: readonly PricedEvent[]): Promise<PostedUnlocked> {
  try {
    return { ...(await postUsage(pool, events)), locked: NONE_LOCKED };
  } catch (error) {
    if (isLockTimeout(error)) return postUnlocked(pool, events);
    throw error;
  }
}
