/** Finds the prepayment that a caller's idempotency key has begun. */
import type { Db } from '../db';
import { COLUMNS, type Payment, type Row, toPayment } from './payment';

/** The prepayment that exists under a caller's key, or null. */
export async function findPrepayment(db: Db, accountId: string, idempotencyKey: string): Promise<Payment | null> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from payments where account_id = $1 and idempotency_key = $2`,
    [accountId, idempotencyKey],
  );
  return rows[0] ? toPayment(rows[0]) : null;
}
