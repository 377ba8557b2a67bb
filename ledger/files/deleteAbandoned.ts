/** Deletes the rows of files whose writers have died. */
import { WRITING_SECONDS_MAX } from '../../domain/storeLimit';
import type { Db } from '../db';
import { NEVER_KEPT } from './file';

/**
 * Of those whose content was erased; only once nobody can be writing it any more: a writer that comes late is to find the
 * row, by which what it has written is erased again.
 * @returns how many; `limit` at most
 */
export async function deleteAbandoned(db: Db, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from files where id in (
       select id from files where ${NEVER_KEPT} and erased
         and created_at < clock_timestamp() - 2 * make_interval(secs => $1) limit $2)`,
    [WRITING_SECONDS_MAX, limit],
  );
  return rowCount!;
}
