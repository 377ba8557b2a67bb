/** Ends a job for good: its files are there, what it still reserves goes back whole (L3, L4). */
import { mayFollow, type BatchStatus, type FileError } from '../../domain/batch';
import type { Tx } from '../db';
import { toBatch, type Batch, type BatchRow } from './batch';
import { giveBack } from './giveBack';
import { lockBatch } from './lockBatch';

export type EndedBatch = { kind: 'ended' | 'ended_before'; batch: Batch };
export type BatchEnd = Extract<BatchStatus, 'completed' | 'failed' | 'expired' | 'cancelled'>;

/** `ended_before`: by an earlier call, or it is not where this end may follow. Then nothing is changed. */
export async function endBatch(
  tx: Tx,
  { batchId, end }: { batchId: string; end: BatchEnd },
  facts: { outputFileId?: string | null; errorFileId?: string | null; errors?: FileError[] },
): Promise<EndedBatch> {
  const batch = await lockBatch(tx, batchId);
  if (!mayFollow(batch.status, end)) return { kind: 'ended_before', batch };
  await giveBack(tx, batch);
  const { rows } = await tx.query<BatchRow>(
    `update batches set status = $2, ${end}_at = clock_timestamp(), closed = true, output_file_id = $3, error_file_id = $4, errors = $5
     where id = $1 returning *`,
    [
      batchId,
      end,
      facts.outputFileId ?? null,
      facts.errorFileId ?? null,
      facts.errors ? JSON.stringify(facts.errors) : null,
    ],
  );
  return { kind: 'ended', batch: toBatch(rows[0]!) };
}
