/** Reads what resuming auto-reload would charge at once. Changes nothing. */
import type { Policy } from '../../domain/accountState';
import { resumeCharge } from '../../domain/assessSettings';
import type { Position } from '../accounts/position';
import type { Db } from '../db';
import { findGuard } from '../reloads/findGuard';
import type { SettingsState } from './readSettingsState';

/** In whole cents; 0: nothing, also where it is not paused. To act on the answer, the caller holds the account's lock. */
export async function readResumeCharge(
  db: Db,
  { accountId, available, setReasons }: Position,
  { status, threshold_cents, amount_cents, monthly_limit_cents, reload_id }: SettingsState,
  policy: Policy,
  nowMs: number,
): Promise<number> {
  if (status !== 'paused') return 0;
  const amountCents = Number(amount_cents);
  const monthlyLimitCents = monthly_limit_cents === null ? null : Number(monthly_limit_cents);
  const settings = { thresholdCents: Number(threshold_cents), amountCents, monthlyLimitCents };
  const cents = resumeCharge({ isReloadOpen: Boolean(reload_id), available, setReasons }, settings, policy.trigger);
  if (cents === 0) return 0;
  const guard = await findGuard(db, accountId, amountCents, monthlyLimitCents, nowMs);
  return guard ? 0 : cents;
}
