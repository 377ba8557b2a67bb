/** Makes a key of an account's member. */
import type { Db } from '../db';
import { hashOf, newKey, type CreatedKey } from './apiKey';

/** Null when the account has no such member, or is being closed. */
export async function createMemberKey(db: Db, accountId: string, memberId: string): Promise<CreatedKey | null> {
  const key = newKey();
  const { rows } = await db.query<{ id: string }>(
    `insert into api_keys (hash, role, member_id, name)
     select $1, 'member', m.id, m.email from members m join accounts a on a.id = m.account_id
     where m.id = $2 and a.id = $3 and m.removed_at is null and a.closing_at is null for share returning id`,
    [hashOf(key), memberId, accountId],
  );
  return rows[0] ? { id: rows[0].id, key } : null;
}
