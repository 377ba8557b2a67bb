/** Locks one job until the transaction ends, and reads it. */
import type { Tx } from '../db';
import { toBatch, type Batch, type BatchRow } from './batch';

/** Who is to change what it reserves takes its account's lock before. Throws when there is no such job. */
export async function lockBatch(tx: Tx, batchId: string): Promise<Batch> {
  const { rows } = await tx.query<BatchRow>('select * from batches where id = $1 for no key update', [batchId]);
  if (!rows[0]) throw new Error(`there is no batch ${batchId}`);
  return toBatch(rows[0]);
}
