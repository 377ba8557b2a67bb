/** Records that a prepayment waits for its owner (P2). */
import type { Tx } from '../db';
import type { Attempt } from './beginAttempt';
import { lockAccount } from '../accounts/lockAccount';
import { askForConfirmation } from './askForConfirmation';

/**
 * A prepayment's owner has to confirm it before the bank decides (P2).
 * @param actionUrl the bank's page
 * @param confirmationUrl our link to it, for the mail
 */
export async function recordAwaiting(
  tx: Tx,
  attempt: Attempt,
  actionUrl: string,
  confirmationUrl: string,
): Promise<void> {
  await lockAccount(tx, attempt.accountId);
  const { rowCount } = await tx.query(
    `update payments set status = 'requires_action', action_url = $2 where id = $1 and payment_is_open(status)`,
    [attempt.paymentId, actionUrl],
  );
  if (rowCount) await askForConfirmation(tx, attempt, confirmationUrl);
}
