/** Removes a member and revokes their keys. The last owner stays. */
import type { Tx } from '../db';
import { isLastOwner } from './isLastOwner';
import { lockMembers } from './lockMembers';

export type MemberRemoved = 'removed' | 'not_found' | 'last_owner';

export async function removeMember(tx: Tx, accountId: string, memberId: string): Promise<MemberRemoved> {
  const member = (await lockMembers(tx, accountId)).find(({ id }) => id === memberId);
  if (!member) return 'not_found';
  if (member.role === 'owner' && (await isLastOwner(tx, accountId, memberId))) return 'last_owner';
  await tx.query('update members set removed_at = now() where id = $1', [memberId]);
  await tx.query('update api_keys set revoked_at = now() where member_id = $1 and revoked_at is null', [memberId]);
  return 'removed';
}
