/** Takes the next file whose tokens nobody has counted yet (L3). */
import type { Db } from '../db';
import { toFile, type FileRow, type StoredFile } from './file';

/** A claim on a file; the next one has a higher `attempt`, and this one can do nothing any more. */
export type CountClaim = { id: string; attempt: number };

/**
 * Claims a file whose tokens nobody counts: the oldest of the next account, in the order of their ids, after the one of
 * the last claim, so that an account waits for one file of each other at most. Null when there is none. A claim that runs
 * out is given to the next.
 */
export async function claimUncountedFile(
  db: Db,
  claimSeconds: number,
  afterAccount: string | null = null,
): Promise<(StoredFile & CountClaim) | null> {
  const { rows } = await db.query<FileRow & { count_attempt: number }>(
    `update files set counting_until = clock_timestamp() + make_interval(secs => $1), count_attempt = count_attempt + 1
     where id = (select id from files
       where purpose = 'batch' and input_tokens is null and removed_at is null and counting_until <= clock_timestamp()
         and ($2::text is null or account_id > $2)
       order by account_id, created_at limit 1 for update skip locked)
     returning *`,
    [claimSeconds, afterAccount],
  );
  if (rows[0]) return { ...toFile(rows[0]), attempt: rows[0].count_attempt };
  return afterAccount === null ? null : claimUncountedFile(db, claimSeconds);
}
