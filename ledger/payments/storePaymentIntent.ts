/** Stores a payment's PaymentIntent before it is confirmed for the first time (A7). */
import type { Db } from '../db';

/** Stores the PaymentIntent before it is confirmed for the first time. False when the payment is final already. */
export async function storePaymentIntent(db: Db, paymentId: string, paymentIntentId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update payments set payment_intent_id = $2 where id = $1 and status = 'processing'
       and (payment_intent_id is null or payment_intent_id = $2)`,
    [paymentId, paymentIntentId],
  );
  return rowCount === 1;
}
