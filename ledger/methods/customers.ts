/** Who an account is at the payment provider. */
import type { Db } from '../db';

/** Null before its first payment method, undefined when there is no such account. */
export async function readCustomer(db: Db, accountId: string): Promise<string | null | undefined> {
  const { rows } = await db.query<{ stripe_customer_id: string | null }>(
    'select stripe_customer_id from accounts where id = $1',
    [accountId],
  );
  return rows[0]?.stripe_customer_id;
}

/** Keeps the first customer that was made for the account, and returns the one that is kept. */
export async function storeCustomer(db: Db, accountId: string, customerId: string): Promise<string> {
  const { rows } = await db.query<{ stripe_customer_id: string }>(
    'update accounts set stripe_customer_id = coalesce(stripe_customer_id, $2) where id = $1 returning stripe_customer_id',
    [accountId, customerId],
  );
  return rows[0]!.stripe_customer_id;
}
