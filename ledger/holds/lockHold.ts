/** Locks a hold for whoever is about to end it. */
import type { Tx } from '../db';
import type { Hold } from './hold';
import { readHold } from './readHold';

/** Locks the account, and so all its holds, until the transaction ends. Null when the account has no such hold. */
export async function lockHold(tx: Tx, accountId: string, holdId: string): Promise<Hold | null> {
  await tx.query('select 1 from balances where account_id = $1 for no key update', [accountId]);
  return readHold(tx, accountId, holdId);
}
