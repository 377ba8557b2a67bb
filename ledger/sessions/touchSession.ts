/** Writes down that a session is in use, so that it is not ended as idle. */
import type { Db } from '../db';

export async function touchSession(db: Db, hash: Buffer): Promise<void> {
  await db.query({
    name: 'touch-session',
    text: `update sessions set used_at = now() where hash = $1 and used_at < now() - interval '30 seconds'`,
    values: [hash],
  });
}
