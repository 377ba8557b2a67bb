/** Writes the row of a key of an account's member. */
import type { Db } from '../db';
import { hashOf, newKey, type CreatedKey } from './apiKey';

/** Null when the account has no such member, or is being closed. */
export async function insertMemberKey(db: Db, accountId: string, memberId: string): Promise<CreatedKey | null> {
  const key = newKey();
  const { rows } = await db.query<{ id: string }>(
    // The account is locked before the member, as by whoever changes members: together they never wait in a circle.
    `with open as materialized (select id from accounts where id = $3 and closing_at is null for share)
     insert into api_keys (hash, role, member_id, name)
     select $1, 'member', m.id, m.email from open join members m on m.account_id = open.id
     where m.id = $2 and m.removed_at is null for share of m returning id`,
    [hashOf(key), memberId, accountId],
  );
  return rows[0] ? { id: rows[0].id, key } : null;
}
