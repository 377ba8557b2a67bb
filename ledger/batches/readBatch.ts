/** Reads one job, or locks it until the transaction ends. */
import type { Db, Tx } from '../db';
import { toBatch, type Batch, type BatchRow } from './batch';

/** Null when there is no such job. */
export async function readBatch(db: Db, batchId: string): Promise<Batch | null> {
  const { rows } = await db.query<BatchRow>('select * from batches where id = $1', [batchId]);
  return rows[0] ? toBatch(rows[0]) : null;
}

/**
 * Whether a job that the caller has locked is past the end of its window, by the clock of Postgres: nothing is handed out
 * or taken any more, also while its workflow is away.
 */
export async function isOverdue(tx: Tx, batchId: string): Promise<boolean> {
  // A statement of its own: the time of one that has waited for the lock may be from before the wait.
  const { rows } = await tx.query<{ overdue: boolean }>(
    'select expires_at <= clock_timestamp() as overdue from batches where id = $1',
    [batchId],
  );
  return rows[0]!.overdue;
}

/** Who is to change what it reserves takes its account's lock before. Throws when there is no such job. */
export async function lockBatch(tx: Tx, batchId: string): Promise<Batch> {
  const { rows } = await tx.query<BatchRow>('select * from batches where id = $1 for no key update', [batchId]);
  if (!rows[0]) throw new Error(`there is no batch ${batchId}`);
  return toBatch(rows[0]);
}
