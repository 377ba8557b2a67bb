/** Deletes the row of a file that was never kept. */
import type { Db } from '../db';
import { NEVER_KEPT } from './file';

/** Of one that was dropped: nobody can keep it any more. To be called by its writer, after its content has gone. */
export async function deleteUnkept(db: Db, fileId: string): Promise<void> {
  await db.query(`delete from files where id = $1 and ${NEVER_KEPT}`, [fileId]);
}
