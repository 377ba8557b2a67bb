/** Makes a key of an account's member, while it may have one more. */
import type { Tx } from '../db';
import type { CreatedKey } from './apiKey';
import { insertMemberKey } from './insertMemberKey';
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
  const key = await insertMemberKey(tx, accountId, memberId);
  return key ? { kind: 'added', key } : { kind: 'unknown_member' };
}
