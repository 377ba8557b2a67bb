/** The payment that a caller names and that must exist. */
import type { Db } from '../ledger/db';
import type { Payment } from '../ledger/payments/payment';
import { readPayment } from '../ledger/payments/readPayment';

/** Throws when the account has no such payment. */
export async function requirePayment(
  db: Db,
  { accountId, paymentId }: { accountId: string; paymentId: string },
): Promise<Payment> {
  const payment = await readPayment(db, accountId, paymentId);
  if (!payment) throw new Error(`account ${accountId} has no payment ${paymentId}`);
  return payment;
}
