/** Removes a file whose content is lost. */
import type { Db } from '../db';

/** Takes a file away whose content is lost before anybody has counted it: nothing can read it any more. */
export async function dropUncounted(db: Db, fileId: string): Promise<void> {
  await db.query(
    `update files set removed_at = clock_timestamp(), counting_until = '-infinity'
     where id = $1 and input_tokens is null and removed_at is null`,
    [fileId],
  );
}
