/** Puts settings of auto-reload in force (A4, A13). */
import type { Tx } from '../db';
import type { AutoReloadSettings } from '../../domain/autoReload';

/** Auto-reload has no strikes then, unless it was on. The caller sets the levels. */
export async function putInForce(
  tx: Tx,
  accountId: string,
  settings: AutoReloadSettings,
  status: 'on' | 'paused' = 'on',
): Promise<void> {
  await tx.query(
    `update account_states set status = $5, threshold_cents = $2, amount_cents = $3, monthly_limit_cents = $4, version = version + 1,
       strikes = case when status = 'on' then strikes else 0 end,
       last_strike_at = case when status = 'on' then last_strike_at end,
       blocked_by = null, blocked_until = null
     where account_id = $1`,
    [accountId, settings.thresholdCents, settings.amountCents, settings.monthlyLimitCents, status],
  );
}
