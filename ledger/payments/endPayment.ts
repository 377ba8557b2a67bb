/** Ends a payment that is not paid, and frees its headroom (A7). */
import type { Tx } from '../db';
import type { Payment } from './payment';
import { lockAccount } from '../accounts/lockAccount';

/** Marks a payment as never to be paid: its PaymentIntent is canceled, or was never confirmable. Frees its headroom. */
export async function endPayment(tx: Tx, payment: Payment, status: 'failed' | 'canceled'): Promise<void> {
  await lockAccount(tx, payment.accountId);
  await tx.query(`update payments set status = $2 where id = $1 and payment_is_open(status)`, [payment.id, status]);
}
