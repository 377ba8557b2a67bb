/** Reads who an account is at the payment provider. */
import type { Db } from '../db';

/**
 * `generation`: how many earlier customers of the account were deleted there. `id` is null until the first is needed.
 * `closing`: the account is closed, or about to be, and its customer is deleted, or will be.
 */
export type Customer = { id: string | null; generation: number; closing: boolean };

/** Null when there is no such account. */
export async function readCustomer(db: Db, accountId: string): Promise<Customer | null> {
  const { rows } = await db.query<Customer>(
    'select stripe_customer_id as id, customer_generation as generation, closing_at is not null as closing from accounts where id = $1',
    [accountId],
  );
  return rows[0] ?? null;
}
