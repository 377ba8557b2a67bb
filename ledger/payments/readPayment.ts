/** Reads one payment: by its id, by its PaymentIntent, by the caller's key, or by its reload's number. */
import type { Db } from '../db';
import { type Payment, type Row, COLUMNS, toPayment } from './payment';

/** The account's payment, or null: another account's does not exist. */
export async function readPayment(db: Db, accountId: string, id: string): Promise<Payment | null> {
  const { rows } = await db.query<Row>(`select ${COLUMNS} from payments where id::text = $2 and account_id = $1`, [
    accountId,
    id,
  ]);
  return rows[0] ? toPayment(rows[0]) : null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Any account's payment, or null. The id comes back to us from the provider, so it may be anything. */
export async function readPaymentById(db: Db, id: string): Promise<Payment | null> {
  if (!UUID.test(id)) return null;
  const { rows } = await db.query<Row>(`select ${COLUMNS} from payments where id = $1`, [id]);
  return rows[0] ? toPayment(rows[0]) : null;
}

/** The payment whose PaymentIntent this is, or null. */
export async function findPaymentOfIntent(db: Db, paymentIntentId: string): Promise<Payment | null> {
  const { rows } = await db.query<Row>(`select ${COLUMNS} from payments where payment_intent_id = $1`, [
    paymentIntentId,
  ]);
  return rows[0] ? toPayment(rows[0]) : null;
}

/** The account's reload by its number, or null. */
export async function readReloadPayment(db: Db, accountId: string, number: number): Promise<Payment | null> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from payments where id = (select id from reloads where account_id = $1 and number = $2)`,
    [accountId, number],
  );
  return rows[0] ? toPayment(rows[0]) : null;
}

/** The prepayment that exists under a caller's key, or null. */
export async function findPrepayment(db: Db, accountId: string, idempotencyKey: string): Promise<Payment | null> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from payments where account_id = $1 and idempotency_key = $2`,
    [accountId, idempotencyKey],
  );
  return rows[0] ? toPayment(rows[0]) : null;
}
