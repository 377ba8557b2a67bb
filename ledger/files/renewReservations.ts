/** Lets files that are being written have more time. */
import type { Db } from '../db';

/** Whoever writes them is alive. One whose time is over stays so: its content may be gone. */
export async function renewReservations(db: Db, fileIds: readonly string[], seconds: number): Promise<void> {
  await db.query(
    `update files set removed_at = clock_timestamp() + make_interval(secs => $2)
     where id = any($1) and removed_at > clock_timestamp()`,
    [fileIds, seconds],
  );
}
