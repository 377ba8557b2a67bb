/** Records that a method was declined in an attempt (A6, A11). */
import type { Tx } from '../db';
import type { Attempt } from './beginAttempt';
import { lockAccount } from '../accounts/lockAccount';
import { askForConfirmation } from './askForConfirmation';
import { markUnusable } from '../methods/markUnusable';

export type Decline = {
  code: string;
  message: string;
  chargeId: string | null;
  forGood: boolean;
  /** The owner can still confirm this payment, at this link of ours (A11). */
  confirmationUrl: string | null;
};

/**
 * A declined method stays declined for this attempt; declined for good it is not tried again at all (A11). A repeat,
 * or news of a payment that has been credited meanwhile, changes nothing.
 */
export async function recordDecline(tx: Tx, attempt: Attempt, decline: Decline): Promise<void> {
  await lockAccount(tx, attempt.accountId);
  const { rowCount } = await tx.query(
    `update payment_attempts set outcome = 'declined', decline_code = $4, decline_message = $5
     where payment_id = $1 and attempt = $2 and payment_method_id = $3 and outcome = 'unknown'`,
    [attempt.paymentId, attempt.attempt, attempt.methodId, decline.code, decline.message],
  );
  if (!rowCount) return;
  await tx.query(
    `update payments set decline_code = $2, decline_message = $3, latest_charge_id = coalesce($4, latest_charge_id),
       status = case when $5 then 'requires_action' else status end
     where id = $1 and payment_is_open(status)`,
    [attempt.paymentId, decline.code, decline.message, decline.chargeId, decline.confirmationUrl !== null],
  );
  if (decline.confirmationUrl !== null) await askForConfirmation(tx, attempt, decline.confirmationUrl);
  await tx.query(`update reloads set state = 'charging' where id = $1 and attempt = $2 and closed_at is null`, [
    attempt.paymentId,
    attempt.attempt,
  ]);
  if (decline.forGood) await markUnusable(tx, attempt, decline.code);
}
