/** Gives up a file whose writing has failed. */
import type { Db } from '../db';

/**
 * Its content is to go, also what came after its time was over and was erased. False when it was
 * kept after all, although its keeper heard of an error.
 */
export async function dropFile(db: Db, fileId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update files set removed_at = least(removed_at, clock_timestamp()), erased = false
     where id = $1 and removed_at is not null`,
    [fileId],
  );
  return rowCount === 1;
}
