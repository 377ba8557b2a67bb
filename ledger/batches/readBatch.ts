/** Reads one job. */
import type { Db } from '../db';
import { toBatch, type Batch, type BatchRow } from './batch';

/** Null when there is no such job. */
export async function readBatch(db: Db, batchId: string): Promise<Batch | null> {
  const { rows } = await db.query<BatchRow>('select * from batches where id = $1', [batchId]);
  return rows[0] ? toBatch(rows[0]) : null;
}
