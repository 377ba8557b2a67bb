/** The lock of an account's limits: whoever asks for a raise, decides one or changes the tier waits in line. */
import { requireOpenAccount } from '../accounts/requireOpenAccount';
import type { Tx } from '../db';

/** Until the transaction ends. Throws `not_found`, `account_closed`. */
export async function lockLimits(tx: Tx, accountId: string): Promise<void> {
  await tx.query('select 1 from accounts where id = $1 for no key update', [accountId]);
  await requireOpenAccount(tx, accountId);
}
