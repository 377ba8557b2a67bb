/** The relay: each second, wakes the workflows that have news they have not folded. A crash between commit and signal loses nothing. */
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { listAccountsToWake } from '../ledger/decisions/listAccountsToWake';
import { listOverduePrepayments } from '../ledger/payments/listOverduePrepayments';
import { refreshSignal } from '../workflows/messages';
import { startPrepayment } from '../workflows/startPrepayment';
import { wakeBalance } from '../workflows/wake';
import { beginAnewIfNotReplayable } from './beginAnew';
import { repeat, type Repeating } from './repeat';

const TICK_MS = 1_000;
/** Bounds one tick's work; the rest is the next tick's. */
const RELAYED_PER_TICK_MAX = 500;
/** Bounds what is looked at; as many as a few minutes can relay. */
const SEEN_MAX = 20_000;
const SIGNALS_AT_ONCE_MAX = 20;
/** A workflow that does not react is signalled less and less often: its history must not grow meanwhile. */
const PATIENCE_TICKS_MAX = 64;
/** Who has been seen for more ticks than this, and signalled twice, is looked at: its run may be one that can't be replayed. */
const STUCK_TICKS = 4;

export type RelayCounts = {
  /** Told at the beginning of each tick: when the oldest news that nobody has folded was first seen, by `performance.now()`. */
  oldestSeen(sinceMs: number | null): void;
  /** Told at the end of each tick. */
  relayed(woken: number, failed: number): void;
  /** Told of each workflow that could not be replayed and was begun anew. */
  begunAnew(): void;
};

export type RelayOptions = {
  pool: Pool;
  client: Client;
  log: Logger;
  tickMs?: number;
  counts?: RelayCounts;
};

/** What is overdue: since when and for how many ticks it has been seen, at which of them it is relayed next, when it was last. */
type Seen = { sinceMs: number; ticks: number; relayAt: number; relayedMs: number };

/** What is still unacknowledged after one tick is relayed: usually the process that made the news has signalled itself. */
export function startRelay({ pool, client, log, tickMs = TICK_MS, counts }: RelayOptions): Repeating {
  let seen = new Map<string, Seen>();

  /** Of more than fit into a tick, those are due whose last time is longest ago: who never reacts keeps nobody else waiting. */
  const due = (keys: readonly string[]): Set<string> => {
    const nowMs = performance.now();
    const next = new Map<string, Seen>();
    for (const key of keys) next.set(key, seen.get(key) ?? { sinceMs: nowMs, ticks: 0, relayAt: 1, relayedMs: 0 });
    seen = next;
    const now = [...seen]
      .filter(([, { ticks, relayAt }]) => ticks >= relayAt)
      .sort(([, a], [, b]) => a.relayedMs - b.relayedMs)
      .slice(0, RELAYED_PER_TICK_MAX);
    for (const [, entry] of now) {
      entry.relayedMs = nowMs;
      entry.relayAt = entry.ticks + Math.min(entry.ticks, PATIENCE_TICKS_MAX);
    }
    for (const entry of seen.values()) entry.ticks += 1;
    return new Set(now.map(([key]) => key));
  };

  const wake = async (accountId: string): Promise<void> => {
    if (seen.get(accountId)!.ticks <= STUCK_TICKS || !(await beginAnewIfNotReplayable(pool, client, accountId)))
      return wakeBalance(client, accountId, refreshSignal);
    counts?.begunAnew();
    log.error({ account: accountId }, 'the workflow of an account could not be replayed: it was begun anew');
  };

  const keyOf = ({ paymentId }: { paymentId: string }): string => `prepayment ${paymentId}`;

  const tick = async (): Promise<void> => {
    // As many more as fit into a tick: who is seen already may be waiting for its turn.
    const most = Math.min(seen.size + RELAYED_PER_TICK_MAX, SEEN_MAX);
    const accounts = await listAccountsToWake(pool, most);
    const prepayments = await listOverduePrepayments(pool, most);
    const now = due([...accounts, ...prepayments.map(keyOf)]);
    counts?.oldestSeen(
      seen.size === 0 ? null : [...seen.values()].reduce((a, b) => (b.sinceMs < a.sinceMs ? b : a)).sinceMs,
    );
    const work = [
      ...accounts.map((id) => ({ key: id, relay: (): Promise<unknown> => wake(id) })),
      ...prepayments.map(({ idempotencyKey, ...input }) => ({
        key: keyOf(input),
        relay: (): Promise<unknown> => startPrepayment(client, input, idempotencyKey),
      })),
    ].filter(({ key }) => now.has(key));
    let failed = 0;
    for (let i = 0; i < work.length; i += SIGNALS_AT_ONCE_MAX) {
      const some = work.slice(i, i + SIGNALS_AT_ONCE_MAX);
      const relayed = await Promise.allSettled(some.map(({ relay }) => relay()));
      // What could not be told is told at the next tick.
      relayed.forEach(
        ({ status }, place) =>
          status === 'rejected' && Object.assign(seen.get(some[place]!.key)!, { ticks: 1, relayAt: 1 }),
      );
      failed += relayed.filter(({ status }) => status === 'rejected').length;
    }
    counts?.relayed(work.length - failed, failed);
    if (work.length > failed) log.info({ relayed: work.length - failed }, 'woke workflows that had missed news');
    if (failed > 0) throw new Error(`${failed} workflows could not be woken`);
  };

  return repeat(tick, tickMs, (error) => log.warn({ error: error.message }, 'the relay could not run; it tries again'));
}
