/** The hold sweep: when a worker starts and then each second, it ends the holds whose time is over (B5). */
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { formatMoney } from '../domain/money';
import { expireHolds } from '../ledger/holds/expireHolds';
import type { Position } from '../ledger/accounts/position';
import { usageSignal } from '../workflows/messages';
import { wakeBalance } from '../workflows/wake';
import { repeat } from './repeat';

const TICK_MS = 1_000;
/** A batch holds the locks of its accounts until it commits, so it is small; the next follows at once while there are more. */
const HOLDS_PER_BATCH_MAX = 200;
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

  const tick = async (signal: AbortSignal): Promise<void> => {
    for (
      let moved = await expireHolds(pool, HOLDS_PER_BATCH_MAX);
      moved.length > 0;
      moved = await expireHolds(pool, HOLDS_PER_BATCH_MAX)
    ) {
      moved.filter(({ wake }) => wake).forEach(tell);
      if (signal.aborted) return;
    }
  };

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
