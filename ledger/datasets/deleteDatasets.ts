/** Deletes datasets whose content has gone from the store. */
import type { Db } from '../db';

/** To be called after their content has gone: until then they come again. */
export async function deleteDatasets(db: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.query('delete from evaluation_datasets where id = any($1) and removed_at <= clock_timestamp()', [ids]);
}
