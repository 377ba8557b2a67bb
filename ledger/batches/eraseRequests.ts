/** Removes the requests' rows of jobs that have ended: their files say what became of each. */
import type { Pool } from 'pg';
import { transaction } from '../db';
import { removeRequests } from './removeRequests';
import { OPEN_STATUSES } from './batch';

/** So many in one statement: nothing waits for it for long. */
const ROWS_MAX = 5_000;

/** One step; false when there is nothing left to remove. */
export async function eraseRequests(pool: Pool): Promise<boolean> {
  return transaction(pool, async (tx) => {
    const { rows } = await tx.query<{ id: string }>(
      `select id from batches where closed and not erased and status not in ${OPEN_STATUSES} limit 1 for update skip locked`,
    );
    if (!rows[0]) return false;
    const removed = await removeRequests(tx, rows[0].id, ROWS_MAX);
    if (removed < ROWS_MAX) await tx.query('update batches set erased = true where id = $1', [rows[0].id]);
    return true;
  });
}
