/** Takes a file away from its account; what it says is removed from the store after that. */
import type { Tx } from '../db';
import { OPEN_STATUSES } from '../batches/batch';
import { IS_THERE } from './file';

export type RemovedFile = { kind: 'removed' } | { kind: 'not_found' } | { kind: 'in_use'; batchId: string };

/** Refused for the input of an open job. The row is locked first: a job that is created at this moment is seen. */
export async function removeFile(tx: Tx, accountId: string, fileId: string): Promise<RemovedFile> {
  const { rowCount } = await tx.query(
    `select 1 from files where id = $2 and account_id = $1 and ${IS_THERE} for update`,
    [accountId, fileId],
  );
  if (!rowCount) return { kind: 'not_found' };
  const { rows } = await tx.query<{ id: string }>(
    `select id from batches where input_file_id = $1 and status in ${OPEN_STATUSES} limit 1`,
    [fileId],
  );
  if (rows[0]) return { kind: 'in_use', batchId: rows[0].id };
  await tx.query('update files set removed_at = clock_timestamp() where id = $1', [fileId]);
  return { kind: 'removed' };
}
