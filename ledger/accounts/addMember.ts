/** Adds a member to an account that others may be changing. */
import type { Tx } from '../db';
import { insertMember } from './insertMember';
import { lockMembers } from './lockMembers';
import type { Member, NewMember } from './member';
import { requireOpenAccount } from './requireOpenAccount';

export type MemberAdded = { kind: 'added'; member: Member } | { kind: 'member_exists' } | { kind: 'too_many' };

/** @param membersMax of the account, this one included @param confirmed an admin vouches for the address */
export async function addMember(
  tx: Tx,
  accountId: string,
  member: NewMember,
  { membersMax, confirmed }: { membersMax: number; confirmed: boolean },
): Promise<MemberAdded> {
  const members = await lockMembers(tx, accountId);
  await requireOpenAccount(tx, accountId);
  if (members.length >= membersMax) return { kind: 'too_many' };
  const added = await insertMember(tx, accountId, member, confirmed);
  return added ? { kind: 'added', member: added } : { kind: 'member_exists' };
}
