/** What enabling or changing auto-reload would do now: save, charge at once, or be refused (A1, A5, A12). */
import type { Announced, RefusalCode, SettingsAnswer } from './accountState';
import {
  centsToPass,
  firstCharge,
  reached,
  triggerLevel,
  type AutoReloadSettings,
  type AutoReloadStatus,
  type Trigger,
} from './autoReload';
import type { Reason } from './gate';
import { formatCents, type Nano } from './money';
import type { ReloadGuard } from './reloadGuards';
import { reasonsInWords } from './words';

export type Refused = Extract<SettingsAnswer, { kind: 'refused' }>;
export type Assessment = { kind: 'save'; status: 'on' | 'paused' } | { kind: 'charge'; cents: number } | Refused;

/** What the answer depends on besides the settings. */
export type AccountForSettings = {
  /** A1, in this order: a method on file, then an earlier purchase. */
  missing: 'payment_method' | 'purchase' | null;
  status: AutoReloadStatus;
  /** The first charge for earlier settings is not decided yet. */
  isFirstChargeOpen: boolean;
  isReloadOpen: boolean;
  available: Nano;
  setReasons: readonly Reason[];
};

export const refused = (code: RefusalCode, detail: string): Refused => ({ kind: 'refused', code, detail });

/** A charge can still be refused by a guard: see `refusedByGuard`. */
export function assessSettings(
  account: AccountForSettings,
  settings: AutoReloadSettings,
  trigger: Trigger,
): Assessment {
  const { missing, status, available, setReasons } = account;
  if (missing === 'payment_method')
    return refused('payment_method_required', 'auto-reload needs a primary payment method on file');
  if (missing === 'purchase')
    return refused('first_purchase_required', 'auto-reload needs one purchase that succeeded before');
  if (account.isFirstChargeOpen)
    return refused('reload_in_flight', 'a first charge for earlier settings is not decided yet');
  if (status === 'paused') return { kind: 'save', status: 'paused' };
  const charge = firstCharge(available, settings, trigger);
  if (account.isReloadOpen || charge.kind === 'none') return { kind: 'save', status: 'on' };

  if (setReasons.length > 0)
    return refused('account_suspended', `auto-reload can not charge now: ${reasonsInWords(setReasons)}`);
  if (charge.kind === 'amount_too_small') {
    return refused(
      'amount_too_small',
      `with this amount the first charge would be $${formatCents(charge.neededCents)}, over the limit of $12,500`,
    );
  }
  return charge;
}

/**
 * What resuming charges at once, in cents; 0: nothing. It opens an ordinary reload (A13), and as long as a reload
 * is due at what is available the next one follows (A6). A guard or a decline may stop them sooner.
 */
export function resumeCharge(
  { isReloadOpen, available, setReasons }: Pick<AccountForSettings, 'isReloadOpen' | 'available' | 'setReasons'>,
  settings: AutoReloadSettings,
  trigger: Trigger,
): number {
  const { thresholdCents, amountCents } = settings;
  if (isReloadOpen || setReasons.length > 0 || !reached(available, thresholdCents, trigger)) return 0;
  return centsToPass(available, triggerLevel(thresholdCents, trigger), amountCents);
}

/** Nothing is charged that was not announced: null if the charge is the one that whoever asks was told of, or none was. */
export function unlessAnnounced({ expectedChargeCents }: Announced, cents: number): Refused | null {
  if (expectedChargeCents === undefined || expectedChargeCents === cents) return null;
  const now = cents === 0 ? 'nothing would be charged' : `$${formatCents(cents)} would be charged`;
  const told = expectedChargeCents === 0 ? 'nothing' : `$${formatCents(expectedChargeCents)}`;
  return {
    ...refused('charge_changed', `${now} at once now, and ${told} was announced: nothing was changed or charged`),
    wouldChargeCents: cents,
  };
}

export function refusedByGuard(guard: ReloadGuard, cents: number): Refused {
  if (guard === 'breaker') return refused('breaker_reached', 'too many reloads in an hour; try again later');
  return refused('monthly_limit_exceeded', `a first charge of $${formatCents(cents)} would exceed the monthly limit`);
}
