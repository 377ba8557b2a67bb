/** What enabling or changing auto-reload would do now: save, charge at once, or be refused (A1, A5). Changes nothing. */
import type { Policy, SettingsAnswer } from '../../domain/accountState';
import { type AutoReloadSettings, firstCharge } from '../../domain/autoReload';
import { formatCents } from '../../domain/money';
import { reasonsInWords } from '../../domain/words';
import type { Position } from '../accounts/position';
import type { Db } from '../db';
import { findGuard } from '../reloads/findGuard';
import { findWhatIsMissing } from './findWhatIsMissing';
import type { SettingsState } from './readSettingsState';
import { refused } from './refused';

export type Assessment =
  | { kind: 'save'; status: 'on' | 'paused' }
  | { kind: 'charge'; cents: number }
  | Extract<SettingsAnswer, { kind: 'refused' }>;

/** To act on the answer, the caller holds the account's lock. */
export async function assessSettings(
  db: Db,
  position: Position,
  state: SettingsState,
  settings: AutoReloadSettings,
  policy: Policy,
  nowMs: number,
): Promise<Assessment> {
  const { accountId, available, setReasons } = position;
  const missing = await findWhatIsMissing(db, accountId);
  if (missing) return missing;
  if (state.first) return refused('reload_in_flight', 'a first charge for earlier settings is not decided yet');
  if (state.status === 'paused') return { kind: 'save', status: 'paused' };
  const charge = firstCharge(available, settings, policy.trigger);
  if (state.reload_id || charge.kind === 'none') return { kind: 'save', status: 'on' };

  if (setReasons.length > 0)
    return refused('account_suspended', `auto-reload can not charge now: ${reasonsInWords(setReasons)}`);
  if (charge.kind === 'amount_too_small') {
    return refused(
      'amount_too_small',
      `with this amount the first charge would be $${formatCents(charge.neededCents)}, over the limit of $12,500`,
    );
  }
  const guard = await findGuard(db, accountId, charge.cents, settings.monthlyLimitCents, nowMs);
  if (guard?.by === 'breaker') return refused('breaker_reached', 'too many reloads in an hour; try again later');
  if (guard)
    return refused(
      'monthly_limit_exceeded',
      `a first charge of $${formatCents(charge.cents)} would exceed the monthly limit`,
    );
  return { kind: 'charge', cents: charge.cents };
}
