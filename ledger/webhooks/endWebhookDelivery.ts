/** Ends a webhook's delivery, as delivered or as failed. */
import type { Db } from '../db';

/** What was delivered counts, even if a later try had begun; other ends only while nothing is decided. */
export async function endWebhookDelivery(
  db: Db,
  deliveryId: string,
  status: 'delivered' | 'failed',
  lastStatus: number | null,
  error: string | null,
): Promise<void> {
  await db.query({
    name: 'end-webhook-delivery',
    text: `update webhook_deliveries set status = $2, last_status = $3, last_error = $4, ended_at = now()
           where id = $1 and (status = 'pending' or ($2 = 'delivered' and status = 'failed'))`,
    values: [deliveryId, status, lastStatus, error],
  });
}
