/** Locks a prepayment whose page never came to be, so that none is stored while it ends (P2, P6). */
import type { Tx } from '../db';

/** False where it has a page or a PaymentIntent by now. The caller has the account's lock. */
export async function lockUnopenedCheckout(tx: Tx, paymentId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'select from payments where id = $1 and checkout_session_id is null and payment_intent_id is null for update',
    [paymentId],
  );
  return rowCount === 1;
}
