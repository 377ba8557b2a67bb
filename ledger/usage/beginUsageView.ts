/** Begins a view of the database in which months of usage are complete (B8). */
import type { Tx } from '../db';

/**
 * Begins the view of the caller's transaction. Which months there are is seen as of now, and their rows as of the view: a
 * month that is dropped between the two would be in neither its table nor `usage_archives`. So the table is locked first;
 * `lock table` takes no view yet.
 * @param isolation SQL, with which the view is taken
 */
export async function beginUsageView(tx: Tx, isolation: string): Promise<void> {
  await tx.query(`set transaction isolation level ${isolation}`);
  await tx.query('lock table usage_events in access share mode');
}
