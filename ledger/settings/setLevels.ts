/** Sets the levels that the gate calls low and whose crossing wakes the workflow, from the settings in force (S4, A3). */
import type { Policy } from '../../domain/accountState';
import { levelsOf } from '../../domain/autoReload';
import type { Tx } from '../db';

/** To be called by whatever changes status or threshold, in the same transaction. */
export async function setLevels(tx: Tx, accountId: string, policy: Policy): Promise<void> {
  const { rows } = await tx.query<{ threshold_cents: bigint }>(
    `select threshold_cents from account_states where account_id = $1 and status = 'on'`,
    [accountId],
  );
  const { low, trigger } = levelsOf(rows[0] ? Number(rows[0].threshold_cents) : null, policy);
  await tx.query('update balances set low_level_nano = $2, trigger_level_nano = $3 where account_id = $1', [
    accountId,
    low.toString(),
    trigger.toString(),
  ]);
}
