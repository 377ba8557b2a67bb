/** Reads who an account is at the payment provider. */
import type { Db } from '../db';

/** Null before its first payment method, undefined when there is no such account. */
export async function readCustomer(db: Db, accountId: string): Promise<string | null | undefined> {
  const { rows } = await db.query<{ stripe_customer_id: string | null }>(
    'select stripe_customer_id from accounts where id = $1',
    [accountId],
  );
  return rows[0]?.stripe_customer_id;
}
