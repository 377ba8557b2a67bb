/** What enabling or changing auto-reload would do now: save, charge at once, or be refused (A1, A5). Changes nothing. */
import type { Policy, RefusalCode, SettingsAnswer } from '../../domain/accountState';
import { firstCharge, type AutoReloadSettings, type AutoReloadStatus } from '../../domain/autoReload';
import { formatCents } from '../../domain/money';
import { reasonsInWords } from '../../domain/words';
import type { Db } from '../db';
import { findGuard } from '../reloads/findGuard';
import type { Position } from '../accounts/position';

export type SettingsState = {
  status: AutoReloadStatus;
  threshold_cents: bigint | null;
  amount_cents: bigint | null;
  reload_id: string | null;
  /** The reload in flight is a first charge. */
  first: boolean | null;
};
export type Assessment =
  | { kind: 'save'; status: 'on' | 'paused' }
  | { kind: 'charge'; cents: number }
  | Extract<SettingsAnswer, { kind: 'refused' }>;

/** Undefined when there is no such account. */
export async function readSettingsState(db: Db, accountId: string): Promise<SettingsState | undefined> {
  const { rows } = await db.query<SettingsState>(
    `select s.status, s.threshold_cents, s.amount_cents, r.id as reload_id, r.wished is not null as first
     from account_states s left join reloads r on r.account_id = s.account_id and r.closed_at is null where s.account_id = $1`,
    [accountId],
  );
  return rows[0];
}

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
  const missing = await missingForAutoReload(db, accountId);
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

/** A1, in this order: a method on file, then an earlier purchase. */
async function missingForAutoReload(db: Db, accountId: string): Promise<Assessment | null> {
  const { rows } = await db.query<{ method: boolean; purchase: boolean }>(
    `select exists (select 1 from payment_methods where account_id = $1 and role = 'primary' and removed_at is null) as method,
       exists (select 1 from payments where account_id = $1 and status = 'succeeded') as purchase`,
    [accountId],
  );
  if (!rows[0]!.method) return refused('payment_method_required', 'auto-reload needs a primary payment method on file');
  if (!rows[0]!.purchase)
    return refused('first_purchase_required', 'auto-reload needs one purchase that succeeded before');
  return null;
}

export const refused = (code: RefusalCode, detail: string): Extract<SettingsAnswer, { kind: 'refused' }> => ({
  kind: 'refused',
  code,
  detail,
});
