/** A new or changed method hastens a reload's next attempt (A10). */
import type { Tx } from '../db';
import type { PaymentMethod } from './paymentMethod';

/** Makes a waiting attempt due at once, if this method can be charged: another failure helps nobody. */
export async function hastenAttempt(tx: Tx, accountId: string, { role, usable }: PaymentMethod): Promise<void> {
  if (role === null || !usable) return;
  await tx.query('update account_states set methods_version = methods_version + 1 where account_id = $1', [accountId]);
}
