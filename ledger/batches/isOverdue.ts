/** Whether a job's time is over (L4). */
import type { Tx } from '../db';

/**
 * Whether a job that the caller has locked is past the end of its window, by the clock of Postgres: nothing is handed out
 * or taken any more, also while its workflow is away.
 */
export async function isOverdue(tx: Tx, batchId: string): Promise<boolean> {
  // A statement of its own: the time of one that has waited for the lock may be from before the wait.
  const { rows } = await tx.query<{ overdue: boolean }>(
    'select expires_at <= clock_timestamp() as overdue from batches where id = $1',
    [batchId],
  );
  return rows[0]!.overdue;
}
