/** Ends a session. One that has ended changes nothing. */
import type { Db } from '../db';

export async function endSession(db: Db, hash: Buffer): Promise<void> {
  await db.query('delete from sessions where hash = $1', [hash]);
}
