/** Reads a payment by an id that came back from the provider. */
import type { Db } from '../db';
import { COLUMNS, type Payment, type Row, toPayment } from './payment';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Any account's payment, or null. The id comes back to us from the provider, so it may be anything. */
export async function readPaymentById(db: Db, id: string): Promise<Payment | null> {
  if (!UUID.test(id)) return null;
  const { rows } = await db.query<Row>(`select ${COLUMNS} from payments where id = $1`, [id]);
  return rows[0] ? toPayment(rows[0]) : null;
}
