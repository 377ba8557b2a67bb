/** Makes a key of an account's member. */
import type { Db, Tx } from '../db';
import { hashOf, newKey, type CreatedKey } from './apiKey';
import { listKeys } from './listKeys';
import { lockOpenAccount } from './requireOpenAccount';

export type MemberKeyAdded =
  { kind: 'added'; key: CreatedKey } | { kind: 'unknown_member' } | { kind: 'too_many'; inUse: number };

/**
 * One at a time per account, so that no more than `keysMax` of its members' keys are in force, however many are asked for
 * at once. Throws `not_found`, `account_closed`.
 */
export async function addMemberKey(
  tx: Tx,
  accountId: string,
  memberId: string,
  keysMax: number,
): Promise<MemberKeyAdded> {
  await lockOpenAccount(tx, accountId);
  const { length: inUse } = await listKeys(tx, accountId);
  if (inUse >= keysMax) return { kind: 'too_many', inUse };
  const key = await createMemberKey(tx, accountId, memberId);
  return key ? { kind: 'added', key } : { kind: 'unknown_member' };
}

/** Null when the account has no such member, or is being closed. */
export async function createMemberKey(db: Db, accountId: string, memberId: string): Promise<CreatedKey | null> {
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
