/** Counts the tries to make a Checkout page that Stripe gave no answer to. */
import type { Db } from '../db';

/** Stripe gave no answer under this key: the next try takes the next. Counted once, however many have seen it. */
export async function countCheckoutLook(db: Db, paymentId: string, looks: number): Promise<void> {
  await db.query('update payments set checkout_looks = $2 + 1 where id = $1 and checkout_looks = $2', [
    paymentId,
    looks,
  ]);
}
