/** Reads a link that was asked for, as long as it is good. */
import type { Db } from '../db';

/** The address that it was sent to; null for one that is unknown, used or too old. */
export async function readLink(db: Db, signInId: string): Promise<string | null> {
  const { rows } = await db.query<{ email: string }>(
    'select email from sign_ins where id = $1 and email is not null and used_at is null and expires_at > now()',
    [signInId],
  );
  return rows[0]?.email ?? null;
}
