/** Ends the closing of an account: what is left of its money is taken out, and what is personal is erased. */
import type { Tx } from '../db';
import { forfeitKeyOf, type Closing } from './readClosing';
import { lockAccount } from './lockAccount';

/**
 * The caller holds the account's lock, has refunded what it could, has deleted the account's customer, and has erased all
 * but the newest of its history (`eraseHistory`): what is left to do here does not grow with the account. What comes
 * later, such as a dispute, is booked as ever; a debt stays in the ledger. Repeated it changes nothing.
 */
export async function finishClosing(tx: Tx, { accountId, balance, reason }: Closing): Promise<void> {
  const { balance: left } = await lockAccount(tx, accountId);
  const { rowCount } = await tx.query('update accounts set closed_at = now() where id = $1 and closed_at is null', [
    accountId,
  ]);
  if (rowCount === 0) return;
  if (left > 0n) {
    await tx.query(`select post_line($1, 'adjustment', 'adjustments', $2, $3, 'closing', $4)`, [
      accountId,
      (-left).toString(),
      forfeitKeyOf(accountId),
      `${balance === 'refund' ? 'Not refundable' : 'Forfeited'} when the account was closed: ${reason}`,
    ]);
  }
  await tx.query('select erase_account($1)', [accountId]);
}
