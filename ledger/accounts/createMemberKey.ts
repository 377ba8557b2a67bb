/** Makes a key of an account's member. */
import type { Db } from '../db';
import { hashOf, newKey, type CreatedKey } from './apiKey';

/** Null when the account has no such member. */
export async function createMemberKey(db: Db, accountId: string, memberId: string): Promise<CreatedKey | null> {
  const key = newKey();
  const { rows } = await db.query<{ id: string }>(
    `insert into api_keys (hash, role, member_id, name)
     select $1, 'member', id, email from members where id = $2 and account_id = $3 and removed_at is null for share returning id`,
    [hashOf(key), memberId, accountId],
  );
  return rows[0] ? { id: rows[0].id, key } : null;
}
