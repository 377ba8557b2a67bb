/** Lets files that are being written have more time. */
import { WRITING_SECONDS_MAX } from '../../domain/storeLimit';
import type { Db } from '../db';

/**
 * Whoever writes them is alive. One whose time is over stays so: its content may be gone. No file is written for longer
 * than a day.
 * @returns whether all of them are still reserved
 */
export async function renewReservations(db: Db, fileIds: readonly string[], seconds: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `update files set removed_at = least(clock_timestamp() + make_interval(secs => $2), created_at + make_interval(secs => $3))
     where id = any($1) and removed_at > clock_timestamp()`,
    [fileIds, seconds, WRITING_SECONDS_MAX],
  );
  return rowCount === fileIds.length;
}
