/** The lock of an account's members. */
import type { Tx } from '../db';
import { listMembers } from './listMembers';
import type { Member } from './member';

/** One change of an account's members at a time, so that two owners can't remove each other at once. Returns who they are. */
export async function lockMembers(tx: Tx, accountId: string): Promise<Member[]> {
  await tx.query('select 1 from accounts where id = $1 for no key update', [accountId]);
  return listMembers(tx, accountId);
}
