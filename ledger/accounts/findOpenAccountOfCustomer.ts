/** Finds whose customer at Stripe it is. */
import type { Db } from '../db';

/** Null for a stranger's, and for an account that is being closed: it takes no method any more, they all go with its customer. */
export async function findOpenAccountOfCustomer(db: Db, customerId: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    'select id from accounts where stripe_customer_id = $1 and closing_at is null',
    [customerId],
  );
  return rows[0]?.id ?? null;
}
