/** Which contents of the file store no row names: their writers have died between the write and its row, or its look at it (L2). */
import type { Db } from '../db';
import { OPEN_STATUSES } from '../batches/batch';

/**
 * Of contents, by the id of their file or dataset, those that nobody will ever read or remove. What is being uploaded has
 * a row before its first byte. The outputs of a job have theirs only when it ends: they are named by the job until then.
 * @param contents `batchId`: of the job whose output it would be; null: it is none
 */
export async function listUnnamed(
  db: Db,
  contents: readonly { id: string; batchId: string | null }[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `select c.id from unnest($1::text[], $2::text[]) c(id, batch_id)
     where not exists (select from files f where f.id = c.id and not f.erased)
       and not exists (select from evaluation_datasets d where d.id = c.id)
       and not exists (select from batches b where b.id = c.batch_id and b.status in ${OPEN_STATUSES})`,
    [contents.map(({ id }) => id), contents.map(({ batchId }) => batchId)],
  );
  return new Set(rows.map(({ id }) => id));
}
