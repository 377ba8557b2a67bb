/** Closes jobs whose window has ended and whose workflow has not: their money comes back whatever is broken (L4). */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { closeBatch } from '../ledger/batches/closeBatch';
import { listOverdue } from '../ledger/batches/listOverdue';
import { transaction } from '../ledger/db';
import { repeat, type Repeating } from './repeat';

export type BatchOverdueOptions = {
  pool: Pool;
  log: Pick<Logger, 'warn'>;
  /** @default 30000 */
  pollMs?: number;
};

const CLOSED_AT_ONCE_MAX = 100;
/** The workflow is at it in its time: this is for when Temporal is away, or an activity hangs in a dead disk. */
const GRACE_SECONDS = 60;

export const startClosingOverdue = ({ pool, log, pollMs = 30_000 }: BatchOverdueOptions): Repeating =>
  repeat(
    async () => {
      for (const id of await listOverdue(pool, { graceSeconds: GRACE_SECONDS, limit: CLOSED_AT_ONCE_MAX })) {
        await transaction(pool, (tx) => closeBatch(tx, id));
        log.warn(
          { batch: id },
          "a batch's window has ended, but its workflow has not ended it: it gives back what it held",
        );
      }
    },
    pollMs,
    (error) => log.warn({ error: error.message }, 'overdue batches can not be closed; trying again'),
  );
