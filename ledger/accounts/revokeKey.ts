/** Revokes a key. */
import type { Db } from '../db';

/** Returns false when the account (or, with null, the platform) has no such key in force. */
export async function revokeKey(db: Db, accountId: string | null, keyId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update api_keys k set revoked_at = now() where k.id = $2 and k.revoked_at is null
       and (select m.account_id from members m where m.id = k.member_id) is not distinct from $1`,
    [accountId, keyId],
  );
  return rowCount === 1;
}
