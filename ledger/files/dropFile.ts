/** Gives up a file whose writing has failed. */
import type { Db } from '../db';

/**
 * Its content is to go, also what came after its time was over and was erased, and where its row is gone. False when it was
 * kept after all, although its keeper heard of an error.
 */
export async function dropFile(db: Db, fileId: string): Promise<boolean> {
  const { rows } = await db.query<{ kept: boolean }>(
    `with dropped as (
       update files set removed_at = least(removed_at, clock_timestamp()), erased = false
       where id = $1 and removed_at is not null
     )
     select exists (select from files where id = $1 and removed_at is null) as kept`,
    [fileId],
  );
  return !rows[0]!.kept;
}
