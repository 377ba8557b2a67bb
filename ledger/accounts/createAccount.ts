/** Opens an account: its row, its members, its empty position and its workflow's first state, together. */
import type { Policy } from '../../domain/accountState';
import { levelsOf } from '../../domain/autoReload';
import { insertMember } from './insertMember';
import type { NewMember } from './member';
import type { Tx } from '../db';

export type NewAccount = { id: string; name: string; tier: string; members: NewMember[] };

/** On anything but `created` the caller rolls back: what came before the refusal is in the transaction. */
export async function createAccount(
  tx: Tx,
  account: NewAccount,
  policy: Policy,
): Promise<'created' | 'account_exists' | 'member_exists'> {
  const { rowCount } = await tx.query(
    'insert into accounts (id, name, tier) values ($1, $2, $3) on conflict do nothing',
    [account.id, account.name, account.tier],
  );
  if (rowCount === 0) return 'account_exists';
  const { low, trigger } = levelsOf(null, policy);
  await tx.query('insert into balances (account_id, low_level_nano, trigger_level_nano) values ($1, $2, $3)', [
    account.id,
    low.toString(),
    trigger.toString(),
  ]);
  await tx.query('insert into account_states (account_id) values ($1)', [account.id]);
  for (const member of account.members) {
    if ((await insertMember(tx, account.id, member, true)) === null) return 'member_exists';
  }
  return 'created';
}
