/** Gives up a file whose writing has failed. */
import type { Db } from '../db';

/**
 * Its content is to go, also what came after its time was over and was erased, and where its row is gone. False when it was
 * kept after all, although its keeper heard of an error.
 */
export async function dropFile(db: Db, fileId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update files set removed_at = least(removed_at, clock_timestamp()), erased = false
     where id = $1 and removed_at is not null`,
    [fileId],
  );
  if (rowCount === 1) return true;
  // A statement of its own: the first one, if it waited for whoever kept the file, has read the row from before that.
  const left = await db.query('select from files where id = $1', [fileId]);
  return left.rowCount === 0;
}
