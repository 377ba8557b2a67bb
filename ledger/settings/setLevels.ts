/** Sets the levels that the gate calls low and whose crossing wakes the workflow, from the settings in force (S4, A3). */
import type { Policy } from '../../domain/accountState';
import { lowLevelOf, triggerLevel } from '../../domain/autoReload';
import { centsToNano, type Nano } from '../../domain/money';
import type { Tx } from '../db';

/** @param thresholdCents null where auto-reload is not on */
export function levelsOf(thresholdCents: number | null, policy: Policy): { low: Nano; trigger: Nano } {
  if (thresholdCents === null) return { low: lowLevelOf(policy), trigger: lowLevelOf(policy) };
  return { low: centsToNano(thresholdCents), trigger: triggerLevel(thresholdCents, policy.trigger) };
}

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
