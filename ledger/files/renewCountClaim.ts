/** Keeps the claim on a file while it is counted, or ends it. */
import type { Db } from '../db';
import type { CountClaim } from './claimUncountedFile';

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
