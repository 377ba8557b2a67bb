/** Adds a member to an account that others may be changing. */
import type { Tx } from '../db';
import { insertMember } from './insertMember';
import { lockMembers } from './lockMembers';
import type { Member, NewMember } from './member';
import { requireOpenAccount } from './requireOpenAccount';

/** Null when a member of the account has this address already. */
export async function addMember(tx: Tx, accountId: string, member: NewMember): Promise<Member | null> {
  await lockMembers(tx, accountId);
  await requireOpenAccount(tx, accountId);
  return insertMember(tx, accountId, member);
}
