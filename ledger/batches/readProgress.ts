/** Reads how far a job is, for its workflow; what has changed until now is seen by that. */
import type { BatchProgress } from '../../domain/batchStep';
import type { Tx } from '../db';
import { LEASED_UNTIL, toBatch, type Batch, type BatchRow } from './batch';

/** Null when there is no such job. */
export async function readProgress(tx: Tx, batchId: string): Promise<{ batch: Batch; progress: BatchProgress } | null> {
  const { rows } = await tx.query<BatchRow>('update batches set unseen = false where id = $1 returning *', [batchId]);
  if (!rows[0]) return null;
  const batch = toBatch(rows[0]);
  const { rows: leases } = await tx.query<{ until: Date | null }>(
    `select leased_until as until from batch_requests
     where batch_id = $1 and outcome is null order by ${LEASED_UNTIL} desc limit 1`,
    [batchId],
  );
  return {
    batch,
    progress: {
      status: batch.status,
      done: batch.completed + batch.failed === batch.requests,
      expiresMs: batch.expiresAt.getTime(),
      cancellingSinceMs: batch.reached.cancelling?.getTime() ?? null,
      leasedUntilMs: leases[0]?.until?.getTime() ?? null,
    },
  };
}
