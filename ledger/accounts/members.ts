/** The members of an account: who they are and what they may do. An account keeps at least one owner. */
import type { Db, Tx } from '../db';

export type MemberRole = 'owner' | 'resource_modifier' | 'member';
export type NewMember = { name: string; email: string; role: MemberRole };
export type Member = NewMember & { id: string };

export type MemberChanged =
  { kind: 'changed'; member: Member } | { kind: 'not_found' } | { kind: 'last_owner' } | { kind: 'member_exists' };
export type MemberRemoved = 'removed' | 'not_found' | 'last_owner';

const COLUMNS = 'id, name, email, role';

export async function listMembers(db: Db, accountId: string): Promise<Member[]> {
  const { rows } = await db.query<Member>(
    `select ${COLUMNS} from members where account_id = $1 and removed_at is null order by created_at, id`,
    [accountId],
  );
  return rows;
}

/** Null when a member of the account has this address already. */
export async function insertMember(db: Db, accountId: string, member: NewMember): Promise<Member | null> {
  const { rows } = await db.query<Member>(
    `insert into members (account_id, name, email, role) values ($1, $2, $3, $4) on conflict do nothing returning ${COLUMNS}`,
    [accountId, member.name, member.email, member.role],
  );
  return rows[0] ?? null;
}

/** Like insertMember, for an account that others may be changing. */
export async function addMember(tx: Tx, accountId: string, member: NewMember): Promise<Member | null> {
  await lockMembers(tx, accountId);
  return insertMember(tx, accountId, member);
}

export async function updateMember(
  tx: Tx,
  accountId: string,
  memberId: string,
  change: Partial<NewMember>,
): Promise<MemberChanged> {
  const member = (await lockMembers(tx, accountId)).find(({ id }) => id === memberId);
  if (!member) return { kind: 'not_found' };
  const changed = { ...member, ...change };
  if (member.role === 'owner' && changed.role !== 'owner' && (await isLastOwner(tx, accountId, memberId)))
    return { kind: 'last_owner' };
  const { rowCount } = await tx.query(
    `update members m set name = $3, email = $4, role = $5 where account_id = $1 and id = $2 and not exists (
       select 1 from members o where o.account_id = $1 and lower(o.email) = lower($4) and o.id <> $2 and o.removed_at is null)`,
    [accountId, memberId, changed.name, changed.email, changed.role],
  );
  return rowCount === 1 ? { kind: 'changed', member: changed } : { kind: 'member_exists' };
}

/** Removes a member and revokes their keys. */
export async function removeMember(tx: Tx, accountId: string, memberId: string): Promise<MemberRemoved> {
  const member = (await lockMembers(tx, accountId)).find(({ id }) => id === memberId);
  if (!member) return 'not_found';
  if (member.role === 'owner' && (await isLastOwner(tx, accountId, memberId))) return 'last_owner';
  await tx.query('update members set removed_at = now() where id = $1', [memberId]);
  await tx.query('update api_keys set revoked_at = now() where member_id = $1 and revoked_at is null', [memberId]);
  return 'removed';
}

/** One change of an account's members at a time, so that two owners can't remove each other at once. */
async function lockMembers(tx: Tx, accountId: string): Promise<Member[]> {
  await tx.query('select 1 from accounts where id = $1 for no key update', [accountId]);
  return listMembers(tx, accountId);
}

async function isLastOwner(tx: Tx, accountId: string, memberId: string): Promise<boolean> {
  return !(await listMembers(tx, accountId)).some(({ id, role }) => role === 'owner' && id !== memberId);
}
