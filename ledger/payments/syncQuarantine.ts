/** Ends the quarantine of a payment that was given back in full: it has failed (P3). */
import { lockAccount } from '../accounts/lockAccount';
import type { Tx } from '../db';
import type { Payment } from './payment';

/**
 * Why it was quarantined is kept. Where the money comes back, as of a refund that failed, it is quarantined again.
 * Repeated it changes nothing.
 * @param leftCents what is left of its money at the provider
 */
export async function syncQuarantine(tx: Tx, { id, accountId }: Payment, leftCents: number): Promise<void> {
  await lockAccount(tx, accountId);
  if (leftCents > 0)
    await tx.query(
      `update payments set status = 'quarantined', decline_code = null, decline_message = null
       where id = $1 and status = 'failed' and decline_code = 'refunded' and quarantined_because is not null`,
      [id],
    );
  else
    await tx.query(
      `update payments set status = 'failed', decline_code = 'refunded', decline_message = 'The payment was given back in full.'
       where id = $1 and status = 'quarantined'`,
      [id],
    );
}
