/** Makes a reload look at once for what became of its charge, instead of at its next time (A9). */
import { raiseNews } from '../accounts/raiseNews';
import { lockAccount } from '../accounts/lockAccount';
import type { Tx } from '../db';
import type { Payment } from '../payments/payment';

/** Returns false, and changes nothing, for a payment whose outcome no reload waits for. */
export async function hastenReload(tx: Tx, payment: Payment, nowMs: number): Promise<boolean> {
  if (payment.purpose !== 'reload') return false;
  await lockAccount(tx, payment.accountId);
  const now = new Date(nowMs);
  const { rowCount } = await tx.query(
    `update reloads set due_at = $2 where id = $1 and state = 'unknown' and closed_at is null and due_at > $2`,
    [payment.id, now],
  );
  if (!rowCount) return false;
  await raiseNews(tx, payment.accountId);
  return true;
}
