/** Removes the requests' rows of jobs that have ended: their files say what became of each. */
import type { Pool } from 'pg';
import { transaction } from '../db';
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
    const { rowCount } = await tx.query(
      `delete from batch_requests where batch_id = $1
         and line in (select line from batch_requests where batch_id = $1 order by line limit ${ROWS_MAX})`,
      [rows[0].id],
    );
    if (rowCount! < ROWS_MAX) await tx.query('update batches set erased = true where id = $1', [rows[0].id]);
    return true;
  });
}
