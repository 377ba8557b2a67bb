/** Lists an account's saved payment methods. */
import type { Db } from '../db';
import { METHOD_COLUMNS, toPaymentMethod, type MethodRow, type PaymentMethod } from './paymentMethod';

/** Primary first, then backup, then the newest. */
export async function listPaymentMethods(db: Db, accountId: string): Promise<PaymentMethod[]> {
  const { rows } = await db.query<MethodRow>(
    `select ${METHOD_COLUMNS} from payment_methods where account_id = $1 and removed_at is null
     order by role desc nulls last, created_at desc, id`,
    [accountId],
  );
  return rows.map(toPaymentMethod);
}
