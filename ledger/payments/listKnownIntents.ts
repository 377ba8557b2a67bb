/** Lists which PaymentIntents this database knows (O4). */
import type { Db } from '../db';

/** Of these PaymentIntents, those that a payment here has. */
export async function listKnownIntents(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    'select payment_intent_id as id from payments where payment_intent_id = any($1)',
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}
