/** Lists the jobs whose workflows are to be started, or told that something has changed (L4). */
import type { Db } from '../db';
import { OPEN_STATUSES } from './batch';

export type BatchToStart = { id: string; changed: boolean };

/**
 * Due the longest first. A job comes again until it has ended: Temporal may have lost its workflow (O4). One that is
 * validating counts as changed each time: a copy of the database that was restored, or a failover, may have lost that it
 * had begun, and its workflow, which knows that it had, would look again only at the end of its window.
 */
export async function listBatchesToStart(db: Db, limit: number): Promise<BatchToStart[]> {
  const { rows } = await db.query<BatchToStart>({
    name: 'batches-to-start',
    text: `select id, unseen or status = 'validating' as changed from batches
           where start_at <= clock_timestamp() and status in ${OPEN_STATUSES} order by start_at limit $1`,
    values: [limit],
  });
  return rows;
}
