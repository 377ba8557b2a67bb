/** Sums usage per day, and sees to it that the tables of the coming months are there (B7, B8). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { prepareUsageMonths } from '../ledger/usage/prepareUsageMonths';
import { sumUsage } from '../ledger/usage/sumUsage';
import { repeat } from './repeat';

/** What is not summed yet is added at reading, so this only bounds what a reading has to add. */
const TICK_MS = 2_000;
/** A batch holds the sums it changes until it commits; the next follows at once while there are more. */
const POSTINGS_PER_BATCH_MAX = 200;
const MONTHS_TICK_MS = 3_600_000;
/** Tables that somebody reads for long are tried for a minute, then with the next tick. */
const BUSY_TRIES_MAX = 30;
const BUSY_PAUSE_MS = 2_000;

export type UsageSumsOptions = { pool: Pool; log: Logger; tickMs?: number; busyPauseMs?: number };

/** Several may run beside each other: one works at a time. */
export function startUsageSums(options: UsageSumsOptions): { stop(): Promise<void> } {
  const { pool, log, tickMs = TICK_MS, busyPauseMs = BUSY_PAUSE_MS } = options;
  const tick = async (signal: AbortSignal): Promise<void> => {
    while ((await sumUsage(pool, POSTINGS_PER_BATCH_MAX)) === POSTINGS_PER_BATCH_MAX) if (signal.aborted) return;
  };
  const summing = repeat(tick, tickMs, (error) =>
    log.warn({ error: error.message }, 'usage could not be summed; it is tried again'),
  );
  const prepare = async (signal: AbortSignal): Promise<void> => {
    let { failed } = await prepareUsageMonths(pool);
    for (let tries = 1; failed.some(({ isBusy }) => isBusy) && tries < BUSY_TRIES_MAX; tries++) {
      await sleep(busyPauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      ({ failed } = await prepareUsageMonths(pool));
    }
    for (const { month, because } of failed)
      log.error({ month, because }, 'the table of a month of usage could not be made; it is tried again');
  };
  const preparing = repeat(prepare, MONTHS_TICK_MS, (error) =>
    log.error({ error: error.message }, 'the tables of the coming months of usage could not be made'),
  );
  return {
    async stop() {
      await Promise.all([summing.stop(), preparing.stop()]);
    },
  };
}
