/** Gives up a dataset whose upload has failed. */
import type { Db } from '../db';

/**
 * Its content is to go, also where its row is gone, as the upload's time was over or its account
 * was closed. False when it was kept after all, although its keeper heard of an error.
 */
export async function dropDataset(db: Db, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update evaluation_datasets set removed_at = least(removed_at, clock_timestamp())
     where id = $1 and removed_at is not null`,
    [id],
  );
  if (rowCount === 1) return true;
  // A statement of its own: the first one, if it waited for whoever kept the dataset, has read the row from before that.
  const left = await db.query('select from evaluation_datasets where id = $1', [id]);
  return left.rowCount === 0;
}
