/** Auto-reload as it is shown: settings, status, bounds and advice. */
import { z } from 'zod';
import type { Advice } from '../../domain/advice';
import { PREPAYMENT_RANGE_CENTS, type Bounds, type SettingsBounds } from '../../domain/autoReload';
import { formatCents, formatMoney } from '../../domain/money';
import { TERMS } from '../../domain/terms';
import type { AutoReloadView } from '../../ledger/settings/readAutoReload';
import { autoReloadStatus, money, time } from '../http/schemas';
import { centsOrNull } from './views';

const range = z.strictObject({ min: money, max: money });
export const advice = z
  .strictObject({
    threshold: money,
    amount: money,
    dailySpend: money,
    minutesLeft: z.number().int().nullable(),
  })
  .meta({
    description:
      'From the usage of the last week. `dailySpend` is its average a day, and on the first day what was spent. ' +
      '`minutesLeft`: until available is used up at the rate of the last hour, if that is higher than the average.',
  });
export const shown = z
  .strictObject({
    status: autoReloadStatus,
    threshold: money.nullable(),
    amount: money.nullable(),
    monthlyLimit: money.nullable(),
    spentThisMonth: money,
    strikes: z.number().int(),
    reload: z
      .strictObject({
        number: z.number().int(),
        attempt: z.number().int(),
        amount: money,
        state: z.enum(['charging', 'waiting', 'unknown']),
        nextAttemptAt: time,
      })
      .nullable(),
    blockedBy: z.enum(['monthly_limit', 'breaker', 'suspended', 'pending_payment']).nullable(),
    resumeWouldCharge: money.nullable().meta({
      description:
        'While it is paused: what resuming would charge at once, in reloads of `amount`; null: nothing, or not paused.',
    }),
    presets: z.strictObject({ threshold: z.array(money), amount: z.array(money) }),
    ranges: z
      .strictObject({ threshold: range, amount: range, prepayment: range })
      .meta({ description: 'What may be set, and what a prepayment may be; inclusive.' }),
    advice,
    terms: z
      .strictObject({ version: z.string(), text: z.string() })
      .meta({ description: 'What `acceptTerms` accepts.' }),
  })
  .meta({ id: 'AutoReload' });
const toPresets = ({ presets }: Bounds) => presets.map(formatCents);
const toRange = ([min, max]: readonly [number, number]) => ({ min: formatCents(min), max: formatCents(max) });

/** @param resumeCents what resuming would charge at once; 0: nothing */
export function viewAutoReload(
  state: AutoReloadView,
  resumeCents: number,
  advised: Advice,
  bounds: SettingsBounds,
): z.input<typeof shown> {
  const { reload, thresholdCents, amountCents, monthlyLimitCents } = state;
  return {
    status: state.status,
    threshold: centsOrNull(thresholdCents),
    amount: centsOrNull(amountCents),
    monthlyLimit: centsOrNull(monthlyLimitCents),
    spentThisMonth: formatCents(state.spentThisMonthCents),
    strikes: state.strikes,
    reload: reload && {
      number: reload.number,
      attempt: reload.attempt,
      amount: formatCents(reload.cents),
      state: reload.state,
      nextAttemptAt: reload.dueAt.toISOString(),
    },
    blockedBy: state.blockedBy,
    resumeWouldCharge: resumeCents === 0 ? null : formatCents(resumeCents),
    presets: { threshold: toPresets(bounds.threshold), amount: toPresets(bounds.amount) },
    ranges: {
      threshold: toRange(bounds.threshold.range),
      amount: toRange(bounds.amount.range),
      prepayment: toRange(PREPAYMENT_RANGE_CENTS),
    },
    advice: viewAdvice(advised),
    terms: TERMS,
  };
}

export const viewAdvice = ({
  thresholdCents,
  amountCents,
  dailySpend,
  minutesLeft,
}: Advice): z.input<typeof advice> => ({
  threshold: formatCents(thresholdCents),
  amount: formatCents(amountCents),
  dailySpend: formatMoney(dailySpend),
  minutesLeft,
});
