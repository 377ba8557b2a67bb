/** Lists prepayments at Checkout whose page never came to be (P2, P6). */
import type { Db } from '../db';
import { COLUMNS, type Payment, type Row, toPayment } from './payment';

/**
 * Begun so long ago that a page of which we never heard can't be paid any more: Stripe closes each after a day, and nobody
 * was told its address. Oldest first.
 */
export async function listUnopenedCheckouts(db: Db, limit: number): Promise<Payment[]> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from payments
     where status = 'processing' and purpose = 'prepayment' and created_at < now() - interval '25 hours'
       and payment_method_id is null and checkout_session_id is null and payment_intent_id is null
     order by created_at limit $1`,
    [limit],
  );
  return rows.map(toPayment);
}
