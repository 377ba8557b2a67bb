/** Takes back what was handed out to an executor that has not got it (L4). */
import type { Db } from '../db';

/** The requests can be claimed again at once. A repeat, or one that comes late, costs at most that a request runs twice. */
export async function returnClaim(db: Db, batchId: string, lines: readonly number[]): Promise<void> {
  await db.query(
    'update batch_requests set leased_until = null where batch_id = $1 and line = any($2) and outcome is null',
    [batchId, lines],
  );
}
