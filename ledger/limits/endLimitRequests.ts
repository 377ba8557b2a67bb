/** Denies what an account has asked for and nobody has decided: it is being closed (L6). */
import type { Tx } from '../db';
import { readLimitRequest } from './readLimitRequest';
import { tellDecision } from './tellDecision';

/** Who decided, and what those who asked are told. */
export const ENDED_BY = 'closing';
const BECAUSE = 'The account is being closed.';

/**
 * In the transaction that begins the closing, under the lock of the account's row: nobody asks or decides after that.
 * Their workflows are due at once, and end. Repeated it changes nothing.
 */
export async function endLimitRequests(tx: Tx, accountId: string): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    `update limit_requests set status = 'denied', note = $2, decided_by = $3, decided_at = clock_timestamp(),
       start_at = clock_timestamp() where account_id = $1 and status = 'pending' returning id`,
    [accountId, BECAUSE, ENDED_BY],
  );
  for (const { id } of rows) await tellDecision(tx, (await readLimitRequest(tx, id))!);
}
