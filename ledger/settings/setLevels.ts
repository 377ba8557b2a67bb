/** Sets the levels that the gate calls low and whose crossing wakes the workflow, from the settings in force (S4, A3). */
import type { Policy } from '../../domain/accountState';
import { LOW_LEVEL_CENTS, triggerLevel } from '../../domain/autoReload';
import { centsToNano } from '../../domain/money';
import type { Tx } from '../db';

/** To be called by whatever changes status or threshold, in the same transaction. */
export async function setLevels(tx: Tx, accountId: string, policy: Policy): Promise<void> {
  const { rows } = await tx.query<{ threshold_cents: bigint }>(
    `select threshold_cents from account_states where account_id = $1 and status = 'on'`,
    [accountId],
  );
  const on = rows[0] && Number(rows[0].threshold_cents);
  const low = centsToNano(on ?? LOW_LEVEL_CENTS);
  const trigger = on === undefined ? low : triggerLevel(on, policy.trigger);
  await tx.query('update balances set low_level_nano = $2, trigger_level_nano = $3 where account_id = $1', [
    accountId,
    low.toString(),
    trigger.toString(),
  ]);
}
