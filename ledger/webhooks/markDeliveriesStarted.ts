/** Notes that the workflows of webhooks were started. */
import type { Db } from '../db';

/**
 * Leaves out those that another transaction holds: they are due again, and their workflow is found running. To wait for them
 * could be a deadlock, and holds up the others where a worker froze.
 * @param patienceSeconds after so long without news the workflow is started again: Temporal may have lost it (O4)
 */
export async function markDeliveriesStarted(db: Db, ids: readonly string[], patienceSeconds: number): Promise<void> {
  await db.query({
    name: 'webhooks-started',
    text: `
      update webhook_deliveries w set start_at = greatest(w.start_at, now() + make_interval(secs => $2))
      from (
        select id from webhook_deliveries where id = any($1) and status = 'pending' for no key update skip locked
      ) free where w.id = free.id`,
    values: [ids, patienceSeconds],
  });
}
