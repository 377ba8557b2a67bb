/** Changes a member's name, address or role. The last owner stays one; another address must be confirmed anew. */
import type { Tx } from '../db';
import { isLastOwner } from './isLastOwner';
import { lockMembers } from './lockMembers';
import type { Member, NewMember } from './member';

export type MemberChanged =
  { kind: 'changed'; member: Member } | { kind: 'not_found' } | { kind: 'last_owner' } | { kind: 'member_exists' };

export async function updateMember(
  tx: Tx,
  accountId: string,
  memberId: string,
  change: Partial<NewMember>,
  confirmed: boolean,
): Promise<MemberChanged> {
  const member = (await lockMembers(tx, accountId)).find(({ id }) => id === memberId);
  if (!member) return { kind: 'not_found' };
  const sameAddress = change.email === undefined || change.email.toLowerCase() === member.email.toLowerCase();
  const changed = { ...member, ...change, confirmed: confirmed || (sameAddress && member.confirmed) };
  if (member.role === 'owner' && changed.role !== 'owner' && (await isLastOwner(tx, accountId, memberId)))
    return { kind: 'last_owner' };
  const { rowCount } = await tx.query(
    `update members m set name = $3, email = $4, role = $5,
       confirmed_at = case when $6 then coalesce(confirmed_at, now()) end
     where account_id = $1 and id = $2 and not exists (
       select 1 from members o where o.account_id = $1 and lower(o.email) = lower($4) and o.id <> $2 and o.removed_at is null)`,
    [accountId, memberId, changed.name, changed.email, changed.role, changed.confirmed],
  );
  return rowCount === 1 ? { kind: 'changed', member: changed } : { kind: 'member_exists' };
}
