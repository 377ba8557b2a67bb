/** Finds files whose content is to go from the store: deleted ones, and those whose time is over. */
import type { Db } from '../db';
import { OPEN_STATUSES } from '../batches/batch';

/**
 * Ends files whose time is over, but for the inputs of open jobs; answers at most `limit` whose content is still there.
 * A minute late: a job that was created in the last moment is committed by then, and seen.
 * @param except those that can't be removed now: they must not stand before the others
 */
export async function listErasable(
  db: Db,
  limit: number,
  except: readonly string[] = [],
): Promise<{ id: string; countAttempts: number }[]> {
  await db.query(
    `update files f set removed_at = clock_timestamp()
     where removed_at is null and expires_at <= clock_timestamp() - interval '1 minute'
       and not exists (select from batches b where b.input_file_id = f.id and b.status in ${OPEN_STATUSES})`,
  );
  const { rows } = await db.query<{ id: string; count_attempt: number }>(
    `select id, count_attempt from files where removed_at <= clock_timestamp() and not erased and id <> all($2)
     order by removed_at limit $1`,
    [limit, except],
  );
  return rows.map(({ id, count_attempt: countAttempts }) => ({ id, countAttempts }));
}
