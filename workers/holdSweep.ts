/** The hold sweep: when a worker starts and then each second, it ends the holds whose time is over (B5). */
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { formatMoney } from '../domain/money';
import { expireHolds } from '../ledger/holds/expireHolds';
import { expireHoldsWhenFree } from '../ledger/holds/expireHoldsWhenFree';
import { listDueHolders } from '../ledger/holds/listDueHolders';
import type { Position } from '../ledger/accounts/position';
import { usageSignal } from '../workflows/messages';
import { wakeBalance } from '../workflows/wake';
import { repeat } from './repeat';

const TICK_MS = 1_000;
/** A batch holds the locks of its accounts until it commits, so it is small; the next follows at once while there are more. */
const HOLDS_PER_BATCH_MAX = 200;
/** So long, in a tick, the sweep waits for accounts that are locked: holds that fall due meanwhile wait as well. */
const LOCKED_MS_MAX = 1_000;
const LOCKED_ACCOUNTS_MAX = 100;
/** Temporal answers in milliseconds, or is away: then the relay tells it later, and money goes back meanwhile. */
const SIGNAL_MS_MAX = 2_000;

export type HoldSweepOptions = { pool: Pool; client: Client; log: Logger; tickMs?: number };

/** Several may run beside each other. Gates follow from the accounts' rows; a crossing that can't be signalled is the relay's. */
export function startHoldSweep({ pool, client, log, tickMs = TICK_MS }: HoldSweepOptions): { stop(): Promise<void> } {
  const telling = new Set<Promise<void>>();

  const tell = ({ accountId, watermark, available }: Position): void => {
    const told = client
      .withDeadline(Date.now() + SIGNAL_MS_MAX, () =>
        wakeBalance(client, accountId, usageSignal, { watermark, available: formatMoney(available) }),
      )
      .catch((error: Error) =>
        log.debug({ error: error.message, account: accountId }, 'a workflow could not be signalled'),
      )
      .finally(() => telling.delete(told));
    telling.add(told);
  };

  const tellMoved = (moved: readonly Position[]): void => moved.filter(({ wake }) => wake).forEach(tell);

  const tick = async (signal: AbortSignal): Promise<void> => {
    for (
      let moved = await expireHolds(pool, HOLDS_PER_BATCH_MAX);
      moved.length > 0;
      moved = await expireHolds(pool, HOLDS_PER_BATCH_MAX)
    ) {
      tellMoved(moved);
      if (signal.aborted) return;
    }
    await waitForLocked(signal);
  };

  /** Of what is still due the account was locked when it was looked at: for a moment, by usage without a pause, or for long. */
  async function waitForLocked(signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    for (const accountId of await listDueHolders(pool, LOCKED_ACCOUNTS_MAX)) {
      if (signal.aborted || performance.now() - startedMs > LOCKED_MS_MAX) return;
      tellMoved(await expireHoldsWhenFree(pool, accountId, HOLDS_PER_BATCH_MAX));
    }
  }

  const sweeping = repeat(tick, tickMs, (error) =>
    log.warn({ error: error.message }, 'holds could not be expired; it is tried again'),
  );
  return {
    async stop() {
      await sweeping.stop();
      await Promise.all(telling);
    },
  };
}
