/** Finds the payment that a PaymentIntent belongs to. */
import type { Db } from '../db';
import { COLUMNS, type Payment, type Row, toPayment } from './payment';

/** The payment whose PaymentIntent this is, or null. */
export async function findPaymentOfIntent(db: Db, paymentIntentId: string): Promise<Payment | null> {
  const { rows } = await db.query<Row>(`select ${COLUMNS} from payments where payment_intent_id = $1`, [
    paymentIntentId,
  ]);
  return rows[0] ? toPayment(rows[0]) : null;
}
