/** Ends the quarantine of a payment that was given back in full: it has failed (P3). */
import { lockAccount } from '../accounts/lockAccount';
import type { Tx } from '../db';
import type { Payment } from './payment';

/** Why it was quarantined is kept. Repeated it changes nothing. */
export async function endQuarantine(tx: Tx, { id, accountId }: Payment): Promise<void> {
  await lockAccount(tx, accountId);
  await tx.query(
    `update payments set status = 'failed', decline_code = 'refunded', decline_message = 'The payment was given back in full.'
     where id = $1 and status = 'quarantined'`,
    [id],
  );
}
