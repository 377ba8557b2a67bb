/** Moves a job on to its next status: forward only (L4). */
import { mayFollow, type BatchStatus } from '../../domain/batch';
import type { Tx } from '../db';
import { toBatch, type Batch, type BatchRow } from './batch';
import { lockBatch } from './lockBatch';

export type MovedBatch = { kind: 'moved'; batch: Batch } | { kind: 'not_from_here'; batch: Batch };

/** `not_from_here`: it is there already, or has gone another way since. */
export async function moveBatch(tx: Tx, batchId: string, to: Exclude<BatchStatus, 'validating'>): Promise<MovedBatch> {
  const batch = await lockBatch(tx, batchId);
  if (!mayFollow(batch.status, to)) return { kind: 'not_from_here', batch };
  const { rows } = await tx.query<BatchRow>(
    `update batches set status = $2, ${to}_at = clock_timestamp() where id = $1 returning *`,
    [batchId, to],
  );
  return { kind: 'moved', batch: toBatch(rows[0]!) };
}
