/** Brings the levels of accounts in line with a deployment whose own settings have changed (S4, A3). */
import type { Pool } from 'pg';
import type { Policy } from '../../domain/accountState';
import { levelsOf } from '../../domain/autoReload';
import { nano } from '../../domain/money';
import { lockAccount } from '../accounts/lockAccount';
import { transaction } from '../db';
import { setLevels } from './setLevels';

type Row = { account_id: string; threshold_cents: bigint | null; low: bigint; trigger: bigint };

/**
 * Looks at the next `accountsMax` accounts, in the order of their ids, and sets what differs.
 * @param after the last account that was looked at; null: none was
 * @returns how many had other levels, and the last account that was looked at; null: there are no more
 */
export async function fitLevels(
  pool: Pool,
  policy: Policy,
  after: string | null,
  accountsMax: number,
): Promise<{ fitted: number; last: string | null }> {
  const { rows } = await pool.query<Row>(
    `select account_id, case when status = 'on' then threshold_cents end as threshold_cents,
       low_level_nano as low, trigger_level_nano as trigger
     from balances join account_states using (account_id)
     where $1::text is null or account_id > $1 order by account_id limit $2`,
    [after, accountsMax],
  );
  const differing = rows.filter(({ threshold_cents: cents, low, trigger }) => {
    const levels = levelsOf(cents === null ? null : Number(cents), policy);
    return levels.low !== nano(low) || levels.trigger !== nano(trigger);
  });
  for (const { account_id: accountId } of differing) {
    await transaction(pool, async (tx) => {
      await lockAccount(tx, accountId);
      await setLevels(tx, accountId, policy);
    });
  }
  return { fitted: differing.length, last: rows.length < accountsMax ? null : rows.at(-1)!.account_id };
}
