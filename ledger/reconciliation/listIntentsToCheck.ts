/** Lists the PaymentIntents that a run looks at whatever Stripe's events say (P6). */
import type { Db } from '../db';

/**
 * PaymentIntents that a run looks at whatever Stripe's events say: of payments that are not final or quarantined, of
 * credits since the last run, of refunds and disputes that are not decided, and what could not be explained before. In order of id.
 */
export async function listIntentsToCheck(
  db: Db,
  creditedSinceMs: number,
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from (
       select payment_intent_id as id from payments where payment_is_open(status) and payment_intent_id is not null
       union select payment_intent_id from payments where status = 'succeeded' and settled_at >= $1 and payment_intent_id is not null
       union select payment_intent_id from payments where status = 'quarantined' and payment_intent_id is not null
       union select p.payment_intent_id from refund_requests r join payments p on p.id = r.payment_id where r.status = 'requested'
       union select p.payment_intent_id from disputes d join payments p on p.id = d.payment_id where d.state in ('inquiry', 'open')
       union select payment_intent_id from unexplained) due
     where id > $2 order by id limit $3`,
    [new Date(creditedSinceMs), after, limit],
  );
  return rows.map(({ id }) => id);
}
