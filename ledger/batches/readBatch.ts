/** Reads one job, or locks it until the transaction ends. */
import type { Db, Tx } from '../db';
import { toBatch, type Batch, type BatchRow } from './batch';

/** Null when there is no such job. */
export async function readBatch(db: Db, batchId: string): Promise<Batch | null> {
  const { rows } = await db.query<BatchRow>('select * from batches where id = $1', [batchId]);
  return rows[0] ? toBatch(rows[0]) : null;
}

/** Who is to change what it reserves takes its account's lock before. Throws when there is no such job. */
export async function lockBatch(tx: Tx, batchId: string): Promise<Batch> {
  const { rows } = await tx.query<BatchRow>('select * from batches where id = $1 for no key update', [batchId]);
  if (!rows[0]) throw new Error(`there is no batch ${batchId}`);
  return toBatch(rows[0]);
}
