/** Counts the requests of an account's batches that were handed out in the last minute (L5, L6). */
import type { Db } from '../db';

/** SQL. Counted by whole seconds, the one that is half over included: so no minute, wherever it begins, has more than the limit. */
export const CLAIM_WINDOW = `interval '61 seconds'`;

export async function countClaims(db: Db, accountId: string): Promise<number> {
  const { rows } = await db.query<{ requests: bigint }>(
    `select coalesce(sum(requests), 0)::bigint as requests from batch_claims
     where account_id = $1 and second > clock_timestamp() - ${CLAIM_WINDOW}`,
    [accountId],
  );
  return Number(rows[0]!.requests);
}
