/** Brings the levels of accounts in line with a deployment whose own settings have changed (S4, A3). */
import type { Pool } from 'pg';
import type { Policy } from '../../domain/accountState';
import { lockAccount } from '../accounts/lockAccount';
import { transaction } from '../db';
import { levelsOf, setLevels } from './setLevels';

/** @returns how many accounts had other levels, at most `accountsMax` */
export async function fitLevels(pool: Pool, policy: Policy, accountsMax: number): Promise<number> {
  const none = levelsOf(null, policy);
  const below = policy.trigger === 'below' ? 1 : 0;
  const { rows } = await pool.query<{ account_id: string }>(
    `select account_id from balances join account_states using (account_id)
     where case when status = 'on'
       then (low_level_nano, trigger_level_nano) is distinct from (threshold_cents * 10000000, threshold_cents * 10000000 - $1)
       else (low_level_nano, trigger_level_nano) is distinct from ($2::bigint, $3::bigint) end
     order by account_id limit $4`,
    [below, none.low.toString(), none.trigger.toString(), accountsMax],
  );
  for (const { account_id: accountId } of rows) {
    await transaction(pool, async (tx) => {
      await lockAccount(tx, accountId);
      await setLevels(tx, accountId, policy);
    });
  }
  return rows.length;
}
