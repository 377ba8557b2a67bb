/** Lets a dataset that is being uploaded have more time. */
import { UPLOAD_RESERVED_SECONDS, WRITING_SECONDS_MAX } from '../../domain/storeLimit';
import type { Db } from '../db';

/**
 * Its upload is alive. One whose time is over stays so: its content may be gone. No upload takes longer than a day.
 * @returns whether it is still reserved
 */
export async function renewDataset(db: Db, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update evaluation_datasets
     set removed_at = least(clock_timestamp() + make_interval(secs => $2), created_at + make_interval(secs => $3))
     where id = $1 and removed_at > clock_timestamp()`,
    [id, UPLOAD_RESERVED_SECONDS, WRITING_SECONDS_MAX],
  );
  return rowCount === 1;
}
