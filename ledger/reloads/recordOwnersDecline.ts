/** Records that an owner's own confirmation of a reload was declined (A11). */
import type { Tx } from '../db';
import type { Attempt } from './beginAttempt';
import type { Decline } from './recordDecline';
import { lockAccount } from '../accounts/lockAccount';
import { markUnusable } from '../methods/markUnusable';

/**
 * An owner has confirmed a reload and was declined all the same. It is no attempt of the reload's: only what the bank
 * said is kept, and which charge is known, so that no later look takes it for an attempt's.
 */
export async function recordOwnersDecline(
  tx: Tx,
  owners: Pick<Attempt, 'accountId' | 'paymentId' | 'methodId'>,
  decline: Omit<Decline, 'confirmationUrl'>,
): Promise<void> {
  await lockAccount(tx, owners.accountId);
  const { rowCount } = await tx.query(
    `update payments set decline_code = $2, decline_message = $3, latest_charge_id = coalesce($4, latest_charge_id)
     where id = $1 and status = 'requires_action'
       and not exists (select 1 from payment_attempts where payment_id = $1 and outcome = 'unknown')`,
    [owners.paymentId, decline.code, decline.message, decline.chargeId],
  );
  if (rowCount && decline.forGood) await markUnusable(tx, owners, decline.code);
}
