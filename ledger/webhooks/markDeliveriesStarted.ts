/** Notes that the workflows of webhooks were started. */
import type { Db } from '../db';

/** @param patienceSeconds after so long without news the workflow is started again: Temporal may have lost it (O4) */
export async function markDeliveriesStarted(db: Db, ids: readonly string[], patienceSeconds: number): Promise<void> {
  await db.query({
    name: 'webhooks-started',
    text: `update webhook_deliveries set start_at = greatest(start_at, now() + make_interval(secs => $2)) where id = any($1) and status = 'pending'`,
    values: [ids, patienceSeconds],
  });
}
