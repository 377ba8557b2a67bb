/** Adds a member to an account that others may be changing. */
import type { Tx } from '../db';
import { insertMember } from './insertMember';
import { listMembers } from './listMembers';
import type { Member, NewMember } from './member';
import { lockOpenAccount } from './requireOpenAccount';

export type MemberAdded =
  { kind: 'added'; member: Member } | { kind: 'member_exists' } | { kind: 'too_many'; inUse: number };

/** @param membersMax of the account, this one included @param confirmed an admin vouches for the address */
export async function addMember(
  tx: Tx,
  accountId: string,
  member: NewMember,
  { membersMax, confirmed }: { membersMax: number; confirmed: boolean },
): Promise<MemberAdded> {
  await lockOpenAccount(tx, accountId);
  const members = await listMembers(tx, accountId);
  if (members.length >= membersMax) return { kind: 'too_many', inUse: members.length };
  const added = await insertMember(tx, accountId, member, confirmed);
  return added ? { kind: 'added', member: added } : { kind: 'member_exists' };
}
