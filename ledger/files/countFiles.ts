/** Which files are still to be counted, and what their tokens are (L3). */
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

/**
 * Whoever counts is alive: the claim goes on for so long from now; 0 ends it.
 * @returns whether its count can still be saved: no other has claimed the file, and it was not removed
 */
export async function renewCountClaim(db: Db, { id, attempt }: CountClaim, claimSeconds: number): Promise<boolean> {
  const { rows } = await db.query<{ is_there: boolean }>(
    `update files set counting_until = clock_timestamp() + make_interval(secs => $3)
     where id = $1 and count_attempt = $2 and input_tokens is null returning removed_at is null as is_there`,
    [id, attempt, claimSeconds],
  );
  return rows[0]?.is_there === true;
}

/**
 * The claim's index is in the store by now, and is the one that counts from here on. False when another has claimed the file
 * since, or it was removed: then whoever wrote the index removes it; the claim goes on, so that the index is erased also when
 * that process dies before.
 */
export async function saveFileTokens(
  db: Db,
  { id, attempt }: CountClaim,
  tokens: { input: number; output: number },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update files set input_tokens = $3, output_tokens = $4, counting_until = '-infinity'
     where id = $1 and count_attempt = $2 and input_tokens is null and removed_at is null`,
    [id, attempt, tokens.input, tokens.output],
  );
  return rowCount === 1;
}

/** Whether the claim's index can't count any more: another has claimed the file since, or it was removed. */
export async function isCountOver(db: Db, { id, attempt }: CountClaim): Promise<boolean> {
  const { rows } = await db.query<{ is_over: boolean }>(
    'select removed_at is not null or count_attempt <> $2 as is_over from files where id = $1',
    [id, attempt],
  );
  return rows[0]!.is_over;
}

/** Which count of a file its index is of. */
export async function readCountAttempt(db: Db, fileId: string): Promise<number> {
  const { rows } = await db.query<{ count_attempt: number }>('select count_attempt from files where id = $1', [fileId]);
  return rows[0]!.count_attempt;
}

/** Takes a file away whose content is lost before anybody has counted it: nothing can read it any more. */
export async function dropUncounted(db: Db, fileId: string): Promise<void> {
  await db.query(
    `update files set removed_at = clock_timestamp(), counting_until = '-infinity'
     where id = $1 and input_tokens is null and removed_at is null`,
    [fileId],
  );
}
