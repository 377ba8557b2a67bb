/** Posts a webhook that tests an endpoint; those of notices are posted by `post_notice` (N2). */
import type { Db } from '../db';

/** A delivery to try the endpoint with. Null when the account has no such endpoint in force. */
export async function postTestDelivery(db: Db, accountId: string, endpointId: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `insert into webhook_deliveries (endpoint_id)
     select id from webhook_endpoints where id = $2 and account_id = $1 and removed_at is null returning id`,
    [accountId, endpointId],
  );
  return rows[0]?.id ?? null;
}
