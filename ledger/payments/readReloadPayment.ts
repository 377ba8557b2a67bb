/** Reads the payment of a reload, by the reload's number. */
import type { Db } from '../db';
import { COLUMNS, type Payment, type Row, toPayment } from './payment';

/** The account's reload by its number, or null. */
export async function readReloadPayment(db: Db, accountId: string, number: number): Promise<Payment | null> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from payments where id = (select id from reloads where account_id = $1 and number = $2)`,
    [accountId, number],
  );
  return rows[0] ? toPayment(rows[0]) : null;
}
