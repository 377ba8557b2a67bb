/** Stores the PaymentIntent of a prepayment at Checkout, which Stripe makes when its customer pays (P2). */
import { lockAccount } from '../accounts/lockAccount';
import type { Tx } from '../db';
import type { Payment } from './payment';

/** The first one is kept: a second that claims the same prepayment is not ours to credit. */
export async function storeCheckoutIntent(tx: Tx, payment: Payment, paymentIntentId: string): Promise<void> {
  await lockAccount(tx, payment.accountId);
  await tx.query('update payments set payment_intent_id = $2 where id = $1 and payment_intent_id is null', [
    payment.id,
    paymentIntentId,
  ]);
}
