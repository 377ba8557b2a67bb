/** Lists which PaymentIntents this database knows (O4). */
import type { Db } from '../db';

/** The actor of a payment whose row was rebuilt from its PaymentIntent. */
export const REBUILT = 'rebuilt from Stripe';

/** Of these PaymentIntents, those that a payment here has, each with whether the payment was begun here or rebuilt. */
export async function listKnownIntents(db: Db, ids: readonly string[]): Promise<Map<string, 'begun' | 'rebuilt'>> {
  const { rows } = await db.query<{ id: string; rebuilt: boolean }>(
    'select payment_intent_id as id, actor = $2 as rebuilt from payments where payment_intent_id = any($1)',
    [ids, REBUILT],
  );
  return new Map(rows.map(({ id, rebuilt }) => [id, rebuilt ? 'rebuilt' : 'begun']));
}
