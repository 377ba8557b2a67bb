/** Writes down that requests of an account's batches are handed out, and forgets those of earlier minutes (L5). */
import type { Tx } from '../db';
import { CLAIM_WINDOW } from './countClaims';

/** In the transaction that has locked the room for them (`lockClaimRoom`). Returns the second in which they are counted. */
export async function recordClaims(tx: Tx, accountId: string, requests: number): Promise<Date> {
  await tx.query(`delete from batch_claims where account_id = $1 and second <= clock_timestamp() - ${CLAIM_WINDOW}`, [
    accountId,
  ]);
  const { rows } = await tx.query<{ second: Date }>(
    `insert into batch_claims (account_id, second, requests) values ($1, date_trunc('second', clock_timestamp()), $2)
     on conflict (account_id, second) do update set requests = batch_claims.requests + excluded.requests
     returning second`,
    [accountId, requests],
  );
  return rows[0]!.second;
}
