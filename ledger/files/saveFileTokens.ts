/** Saves what was counted of a file. */
import type { Db } from '../db';
import type { CountClaim } from './claimUncountedFile';

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
