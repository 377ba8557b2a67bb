/** Stores who an account is at the payment provider. */
import type { Db } from '../db';

/**
 * Keeps the first customer that was made for the account, and returns the one that is kept; null for a closed account,
 * and where another generation has begun meanwhile.
 */
export async function storeCustomer(
  db: Db,
  accountId: string,
  customerId: string,
  generation = 0,
): Promise<string | null> {
  const { rows } = await db.query<{ stripe_customer_id: string }>(
    `update accounts set stripe_customer_id = coalesce(stripe_customer_id, $2)
     where id = $1 and closing_at is null and customer_generation = $3 returning stripe_customer_id`,
    [accountId, customerId, generation],
  );
  return rows[0]?.stripe_customer_id ?? null;
}
