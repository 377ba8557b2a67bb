/** Lists the webhooks whose workflow is to be started. */
import type { Db } from '../db';

/** Deliveries whose workflow is to be started, or has not been heard of in time. */
export async function listDeliveriesToStart(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'webhooks-to-start',
    text: `select id from webhook_deliveries where status = 'pending' and start_at <= now() order by start_at limit $1`,
    values: [limit],
  });
  return rows.map(({ id }) => id);
}
