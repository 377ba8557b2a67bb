/** Takes no more results of a job, so that its files can be written (L4). */
import { isEnded } from '../../domain/batch';
import type { Tx } from '../db';
import type { Batch } from './batch';
import { giveBack } from './giveBack';
import { moveBatch } from './moveBatch';

/**
 * What it still reserves goes back here and not at its end: writing its files may fail for as long as a disk is full, and
 * nothing of it is billed any more. Its counts are final: the job is answered, or null when it has ended. One that is being
 * cancelled stays so until its end.
 */
export async function closeBatch(tx: Tx, batchId: string): Promise<Batch | null> {
  const { batch } = await moveBatch(tx, batchId, 'finalizing');
  if (isEnded(batch.status)) return null;
  await tx.query('update batches set closed = true where id = $1', [batchId]);
  await giveBack(tx, batch);
  return batch;
}
