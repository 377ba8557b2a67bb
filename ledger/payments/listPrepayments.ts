/** Lists an account's prepayments, newest first. */
import type { Db } from '../db';
import { type Payment, type Row, COLUMNS, toPayment } from './payment';

/** Newest first: at most `limit` prepayments that were begun before the one named by `before`. */
export async function listPrepayments(
  db: Db,
  accountId: string,
  limit: number,
  before: string | null,
): Promise<Payment[]> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from payments where account_id = $1 and purpose = 'prepayment'
       and ($3::uuid is null or (created_at, id) < (select created_at, id from payments where id = $3 and account_id = $1))
     order by created_at desc, id desc limit $2`,
    [accountId, limit, before],
  );
  return rows.map(toPayment);
}
