/** Reads what enabling or changing auto-reload would do now. Changes nothing. */
import type { Policy } from '../../domain/accountState';
import { assessSettings, refusedByGuard, type Assessment } from '../../domain/assessSettings';
import type { AutoReloadSettings } from '../../domain/autoReload';
import type { Position } from '../accounts/position';
import type { Db } from '../db';
import { findGuard } from '../reloads/findGuard';
import { findWhatIsMissing } from './findWhatIsMissing';
import type { SettingsState } from './readSettingsState';

/** To act on the answer, the caller holds the account's lock. */
export async function readAssessment(
  db: Db,
  { accountId, available, setReasons }: Position,
  { status, first, reload_id }: SettingsState,
  settings: AutoReloadSettings,
  policy: Policy,
  nowMs: number,
): Promise<Assessment> {
  const missing = await findWhatIsMissing(db, accountId);
  const account = {
    missing,
    status,
    isFirstChargeOpen: Boolean(first),
    isReloadOpen: Boolean(reload_id),
    available,
    setReasons,
  };
  const would = assessSettings(account, settings, policy.trigger);
  if (would.kind !== 'charge') return would;
  const guard = await findGuard(db, accountId, would.cents, settings.monthlyLimitCents, nowMs);
  return guard ? refusedByGuard(guard.by, would.cents) : would;
}
