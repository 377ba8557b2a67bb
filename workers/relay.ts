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
const ACCOUNTS_PER_TICK_MAX = 500;
const SIGNALS_AT_ONCE_MAX = 20;
/** A workflow that does not react is signalled less and less often: its history must not grow meanwhile. */
const PATIENCE_TICKS_MAX = 64;
/** Who has been seen for more ticks than this, and signalled twice, is looked at: its run may be one that can't be replayed. */
const STUCK_TICKS = 4;

/** Told of each tick: how many were woken, how many could not be, and for how long the oldest has been seen. */
export type OnRelayed = (woken: number, failed: number, oldestSeconds: number) => void;

export type RelayOptions = {
  pool: Pool;
  client: Client;
  log: Logger;
  tickMs?: number;
  onRelayed?: OnRelayed;
  /** Told of each workflow that could not be replayed and was begun anew. */
  onBegunAnew?: () => void;
};

/** What is still unacknowledged after one tick is relayed: usually the process that made the news has signalled itself. */
export function startRelay({ pool, client, log, tickMs = TICK_MS, onRelayed, onBegunAnew }: RelayOptions): Repeating {
  /** By what is overdue: how many ticks it has been seen, and at which it is relayed next. */
  let seen = new Map<string, { ticks: number; relayAt: number }>();

  const due = (keys: string[]): Set<string> => {
    const next: typeof seen = new Map();
    const now = new Set<string>();
    for (const key of keys) {
      const entry = seen.get(key) ?? { ticks: 0, relayAt: 1 };
      if (entry.ticks === entry.relayAt) {
        now.add(key);
        entry.relayAt += Math.min(Math.max(1, entry.relayAt), PATIENCE_TICKS_MAX);
      }
      entry.ticks += 1;
      next.set(key, entry);
    }
    seen = next;
    return now;
  };

  const wake = async (accountId: string): Promise<void> => {
    if (seen.get(accountId)!.ticks <= STUCK_TICKS || !(await beginAnewIfNotReplayable(pool, client, accountId)))
      return wakeBalance(client, accountId, refreshSignal);
    onBegunAnew?.();
    log.error({ account: accountId }, 'the workflow of an account could not be replayed: it was begun anew');
  };

  const keyOf = ({ paymentId }: { paymentId: string }): string => `prepayment ${paymentId}`;

  const tick = async (): Promise<void> => {
    const accounts = await listAccountsToWake(pool, ACCOUNTS_PER_TICK_MAX);
    const prepayments = await listOverduePrepayments(pool, ACCOUNTS_PER_TICK_MAX);
    const now = due([...accounts, ...prepayments.map(keyOf)]);
    const work = [
      ...accounts.map((id) => ({ key: id, relay: (): Promise<unknown> => wake(id) })),
      ...prepayments.map(({ idempotencyKey, ...input }) => ({
        key: keyOf(input),
        relay: (): Promise<unknown> => startPrepayment(client, input, idempotencyKey),
      })),
    ].filter(({ key }) => now.has(key));
    let failed = 0;
    for (let i = 0; i < work.length; i += SIGNALS_AT_ONCE_MAX) {
      const relayed = await Promise.allSettled(work.slice(i, i + SIGNALS_AT_ONCE_MAX).map(({ relay }) => relay()));
      // What could not be told is told at the next tick.
      relayed.forEach(
        ({ status }, place) => status === 'rejected' && seen.set(work[i + place]!.key, { ticks: 1, relayAt: 1 }),
      );
      failed += relayed.filter(({ status }) => status === 'rejected').length;
    }
    const oldestTicks = Math.max(0, ...[...seen.values()].map(({ ticks }) => ticks - 1));
    onRelayed?.(work.length - failed, failed, (oldestTicks * tickMs) / 1_000);
    if (work.length > failed) log.info({ relayed: work.length - failed }, 'woke workflows that had missed news');
    if (failed > 0) throw new Error(`${failed} workflows could not be woken`);
  };

  return repeat(tick, tickMs, (error) => log.warn({ error: error.message }, 'the relay could not run; it tries again'));
}
