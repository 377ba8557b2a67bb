/** Takes no more results of a job, so that its files can be written (L4). */
import { isEnded } from '../../domain/batch';
import type { Tx } from '../db';
import { moveBatch } from './moveBatch';

/** False when it is not to be closed any more: it has ended. One that is being cancelled stays so until its end. */
export async function closeBatch(tx: Tx, batchId: string): Promise<boolean> {
  const { batch } = await moveBatch(tx, batchId, 'finalizing');
  if (isEnded(batch.status)) return false;
  await tx.query('update batches set closed = true where id = $1', [batchId]);
  return true;
}
