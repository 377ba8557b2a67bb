/** Writes down that jobs' workflows were started or told: they are due again when nothing is heard of them (L4, O4). */
import type { Db } from '../db';

/** @param patienceSeconds after so long a workflow that has not been heard of is looked for again */
export async function markBatchesStarted(db: Db, ids: readonly string[], patienceSeconds: number): Promise<void> {
  if (ids.length === 0) return;
  await db.query({
    name: 'batches-started',
    text: `update batches set start_at = clock_timestamp() + make_interval(secs => case when unseen then 30 else $2 end) where id = any($1)`,
    values: [ids, patienceSeconds],
  });
}
