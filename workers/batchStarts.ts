/** Starts each job's workflow and tells it of changes; a crash at any line leaves it to be done again: the id is fixed (L4). */
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { listBatchesToStart } from '../ledger/batches/listBatchesToStart';
import { markBatchesStarted } from '../ledger/batches/markBatchesStarted';
import { postponeBatchStarts } from '../ledger/batches/postponeBatchStarts';
import { startBatch } from '../workflows/startBatch';
import { repeat, type Repeating } from './repeat';
import { startEach } from './startEach';

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
/** One that could not be started is tried again after so long, so that it does not hold up the others. */
const TROUBLE_SECONDS = 5;
const idOf = ({ id }: { id: string }): string => id;

export const startStartingBatches = ({ pool, client, log, pollMs = 500 }: BatchStartsOptions): Repeating =>
  repeat(
    async () => {
      const due = await listBatchesToStart(pool, STARTS_MAX);
      if (due.length === 0) return;
      const { started, failed } = await startEach(client, due, ({ id, changed }) => startBatch(client, id, changed));
      await markBatchesStarted(pool, started.map(idOf), PATIENCE_SECONDS);
      await postponeBatchStarts(
        pool,
        failed.map(({ item }) => item.id),
        TROUBLE_SECONDS,
      );
      if (failed[0])
        log.warn(
          { error: failed[0].error.message, batches: failed.map(({ item }) => item.id) },
          'batches can not be started; trying again',
        );
      return due.length === STARTS_MAX && failed.length === 0;
    },
    pollMs,
    (error) => log.warn({ error: error.message }, 'batches can not be started; trying again'),
  );
