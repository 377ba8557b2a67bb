/** Lists the webhooks whose workflow is to be started. */
import type { Db } from '../db';
import { DUE_SEEN_MAX } from './spreadDeliveries';

/**
 * Deliveries whose workflow is to be started, or has not been heard of in time: one of each account, then a second of each,
 * so that an account with many holds up no other.
 */
export async function listDeliveriesToStart(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'webhooks-to-start',
    text: `
      select d.id from (
        select id, endpoint_id, start_at from webhook_deliveries where status = 'pending' and start_at <= now() order by start_at limit $2
      ) d join webhook_endpoints e on e.id = d.endpoint_id
      order by row_number() over (partition by e.account_id order by d.start_at), d.start_at limit $1`,
    values: [limit, DUE_SEEN_MAX],
  });
  return rows.map(({ id }) => id);
}
