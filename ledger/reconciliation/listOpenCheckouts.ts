/** Lists Checkout pages whose end we have not heard of (P6). */
import type { Db } from '../db';

/** Checkout pages whose end we have not heard of. In order of id. */
export async function listOpenCheckouts(db: Db, after: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select checkout_session_id as id from payments where status = 'processing' and payment_intent_id is null and checkout_session_id > $1
     order by 1 limit $2`,
    [after, limit],
  );
  return rows.map(({ id }) => id);
}
