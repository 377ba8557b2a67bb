/** Begins to cancel a job: nothing more is handed out, what is in hand may still come (L4). */
import type { Tx } from '../db';
import { toBatch, type Batch, type BatchRow } from './batch';
import { moveBatch } from './moveBatch';

export type CancelledBatch = { kind: 'cancelling'; batch: Batch; changed: boolean } | { kind: 'ended'; batch: Batch };

/** Again while it is being cancelled, or was, it changes nothing. `ended`: it went another way before. */
export async function cancelBatch(tx: Tx, batchId: string): Promise<CancelledBatch> {
  const moved = await moveBatch(tx, batchId, 'cancelling');
  if (moved.kind === 'not_from_here') {
    const { status } = moved.batch;
    const asAsked = status === 'cancelling' || status === 'cancelled';
    return asAsked ? { kind: 'cancelling', batch: moved.batch, changed: false } : { kind: 'ended', batch: moved.batch };
  }
  const { rows } = await tx.query<BatchRow>(
    'update batches set unseen = true, start_at = clock_timestamp() where id = $1 returning *',
    [batchId],
  );
  return { kind: 'cancelling', batch: toBatch(rows[0]!), changed: true };
}
