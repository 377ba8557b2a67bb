/** Lists the jobs whose workflows are to be started, or told that something has changed (L4). */
import type { Db } from '../db';
import { OPEN_STATUSES } from './batch';

export type BatchToStart = { id: string; unseen: boolean };

/** Due the longest first. A job comes again until it has ended: Temporal may have lost its workflow (O4). */
export async function listBatchesToStart(db: Db, limit: number): Promise<BatchToStart[]> {
  const { rows } = await db.query<BatchToStart>({
    name: 'batches-to-start',
    text: `select id, unseen from batches where start_at <= clock_timestamp() and status in ${OPEN_STATUSES} order by start_at limit $1`,
    values: [limit],
  });
  return rows;
}
