/** Whether a member is the only owner that an account has. */
import type { Tx } from '../db';
import { listMembers } from './listMembers';

/** The caller has locked the members. */
export async function isLastOwner(tx: Tx, accountId: string, memberId: string): Promise<boolean> {
  return !(await listMembers(tx, accountId)).some(({ id, role }) => role === 'owner' && id !== memberId);
}
