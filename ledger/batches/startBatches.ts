/** Which jobs' workflows are to be started, or told that something has changed (L4). */
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

/** @param patienceSeconds after so long a workflow that has not been heard of is looked for again */
export async function markBatchesStarted(db: Db, ids: readonly string[], patienceSeconds: number): Promise<void> {
  if (ids.length === 0) return;
  await db.query({
    name: 'batches-started',
    text: `update batches set start_at = clock_timestamp() + make_interval(secs => case when unseen then 30 else $2 end) where id = any($1)`,
    values: [ids, patienceSeconds],
  });
}

/** They are due again after so long: whatever keeps them from being started, the others come first. */
export async function postponeBatchStarts(db: Db, ids: readonly string[], seconds: number): Promise<void> {
  if (ids.length === 0) return;
  await db.query('update batches set start_at = clock_timestamp() + make_interval(secs => $2) where id = any($1)', [
    ids,
    seconds,
  ]);
}
