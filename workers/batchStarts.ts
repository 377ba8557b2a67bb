/** Starts each job's workflow and tells it of changes; a crash at any line leaves it to be done again: the id is fixed (L4). */
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { listBatchesToStart, markBatchesStarted } from '../ledger/batches/startBatches';
import { startBatch } from '../workflows/startBatch';
import { repeat, type Repeating } from './repeat';

export type BatchStartsOptions = {
  pool: Pool;
  client: Client;
  log: Pick<Logger, 'warn'>;
  /** @default 500 */
  pollMs?: number;
};

/** The rest is the next round's. */
const STARTS_MAX = 20;
/** A workflow that has not been heard of for so long is looked for: Temporal may have lost it (O4). */
const PATIENCE_SECONDS = 15 * 60;

export const startStartingBatches = ({ pool, client, log, pollMs = 500 }: BatchStartsOptions): Repeating =>
  repeat(
    async () => {
      const due = await listBatchesToStart(pool, STARTS_MAX);
      if (due.length === 0) return;
      await Promise.all(due.map(({ id, unseen }) => startBatch(client, id, unseen)));
      await markBatchesStarted(
        pool,
        due.map(({ id }) => id),
        PATIENCE_SECONDS,
      );
    },
    pollMs,
    (error) => log.warn({ error: error.message }, 'batches can not be started; trying again'),
  );
