/** Reads one payment of an account. */
import type { Db } from '../db';
import { COLUMNS, type Payment, type Row, toPayment } from './payment';

/** The account's payment, or null: another account's does not exist. @param id a UUID */
export async function readPayment(db: Db, accountId: string, id: string): Promise<Payment | null> {
  const { rows } = await db.query<Row>(`select ${COLUMNS} from payments where id = $2 and account_id = $1`, [
    accountId,
    id,
  ]);
  return rows[0] ? toPayment(rows[0]) : null;
}
