/** Revokes the keys of all of an account's members. */
import type { Db } from '../db';

export async function revokeMemberKeys(db: Db, accountId: string): Promise<void> {
  await db.query(
    `update api_keys set revoked_at = now()
     where revoked_at is null and member_id in (select id from members where account_id = $1)`,
    [accountId],
  );
}
