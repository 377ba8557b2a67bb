/** Puts off jobs whose workflows could not be started (L4). */
import type { Db } from '../db';

/** They are due again after so long: whatever keeps them from being started, the others come first. */
export async function postponeBatchStarts(db: Db, ids: readonly string[], seconds: number): Promise<void> {
  if (ids.length === 0) return;
  await db.query('update batches set start_at = clock_timestamp() + make_interval(secs => $2) where id = any($1)', [
    ids,
    seconds,
  ]);
}
