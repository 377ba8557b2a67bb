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

/** A job that can't be closed holds up no other. */
export const startClosingOverdue = ({ pool, log, pollMs = 30_000 }: BatchOverdueOptions): Repeating =>
  repeat(
    async (signal) => {
      const tried: string[] = [];
      const page = { graceSeconds: GRACE_SECONDS, limit: CLOSED_AT_ONCE_MAX };
      while (!signal.aborted) {
        const overdue = await listOverdue(pool, { ...page, except: tried });
        if (overdue.length === 0) return;
        for (const id of overdue) await close(id, { pool, log });
        tried.push(...overdue);
      }
    },
    pollMs,
    (error) => log.warn({ error: error.message }, 'overdue batches can not be closed; trying again'),
  );

async function close(id: string, { pool, log }: BatchOverdueOptions): Promise<void> {
  try {
    await transaction(pool, (tx) => closeBatch(tx, id));
    log.warn(
      { batch: id },
      "a batch's window has ended, but its workflow has not ended it: it gives back what it held",
    );
  } catch (error) {
    log.warn({ error: (error as Error).message, batch: id }, 'an overdue batch can not be closed; trying again');
  }
}
