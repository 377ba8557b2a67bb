/** Which files are still to be counted, and what their tokens are (L3). */
import type { Db } from '../db';
import { toFile, type FileRow, type StoredFile } from './file';

/**
 * Claims a file whose tokens nobody counts: the oldest of the next account, in the order of their ids, after the one of
 * the last claim, so that an account waits for one file of each other at most. Null when there is none. A claim that runs
 * out is given to the next.
 */
export async function claimUncountedFile(
  db: Db,
  claimSeconds: number,
  afterAccount: string | null = null,
): Promise<StoredFile | null> {
  const { rows } = await db.query<FileRow>(
    `update files set counting_until = clock_timestamp() + make_interval(secs => $1)
     where id = (select id from files
       where purpose = 'batch' and input_tokens is null and removed_at is null and counting_until <= clock_timestamp()
         and ($2::text is null or account_id > $2)
       order by account_id, created_at limit 1 for update skip locked)
     returning *`,
    [claimSeconds, afterAccount],
  );
  if (rows[0]) return toFile(rows[0]);
  return afterAccount === null ? null : claimUncountedFile(db, claimSeconds);
}

/** Whoever counts is alive: the claim goes on for so long from now. */
export async function renewCountClaim(db: Db, fileId: string, claimSeconds: number): Promise<void> {
  await db.query(
    `update files set counting_until = clock_timestamp() + make_interval(secs => $2) where id = $1 and input_tokens is null`,
    [fileId, claimSeconds],
  );
}

/**
 * Its index is in the store by now. What was counted first stays: jobs may have reserved by it, and a counter that was
 * frozen meanwhile changes nothing. False when the file was removed meanwhile: then its content may be erased already, and
 * whoever wrote the index removes it; the claim goes on, so that the index is erased also when that process dies before.
 */
export async function saveFileTokens(
  db: Db,
  fileId: string,
  tokens: { input: number; output: number },
): Promise<boolean> {
  const { rows } = await db.query<{ is_there: boolean }>(
    `update files set input_tokens = coalesce(input_tokens, $2), output_tokens = coalesce(output_tokens, $3),
       counting_until = case when removed_at is null then '-infinity' else counting_until end
     where id = $1 returning removed_at is null as is_there`,
    [fileId, tokens.input, tokens.output],
  );
  return rows[0]!.is_there;
}

/** Takes a file away whose content is lost before anybody has counted it: nothing can read it any more. */
export async function dropUncounted(db: Db, fileId: string): Promise<void> {
  await db.query(
    `update files set removed_at = clock_timestamp(), counting_until = '-infinity'
     where id = $1 and input_tokens is null and removed_at is null`,
    [fileId],
  );
}
