/** Auto-reload as it is shown: settings, status, bounds and advice. */
import { z } from 'zod';
import { advise, type Advice } from '../../domain/advice';
import { PREPAYMENT_RANGE_CENTS, PRESETS, RANGES } from '../../domain/autoReload';
import { formatCents, formatMoney } from '../../domain/money';
import { TERMS } from '../../domain/terms';
import type { AutoReloadView } from '../../ledger/settings/readAutoReload';
import { autoReloadStatus, money, time } from '../http/schemas';
import { centsOrNull } from './views';

const range = z.strictObject({ min: money, max: money });
export const advice = z.strictObject({
  threshold: money,
  amount: money,
  dailySpend: money,
  minutesLeft: z.number().int().nullable(),
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
const toRange = ([min, max]: readonly [number, number]) => ({ min: formatCents(min), max: formatCents(max) });
const BOUNDS = {
  presets: { threshold: PRESETS.thresholdCents.map(formatCents), amount: PRESETS.amountCents.map(formatCents) },
  ranges: {
    threshold: toRange(RANGES.thresholdCents),
    amount: toRange(RANGES.amountCents),
    prepayment: toRange(PREPAYMENT_RANGE_CENTS),
  },
};

export function viewAutoReload(state: AutoReloadView): z.input<typeof shown> {
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
    ...BOUNDS,
    advice: viewAdvice(adviceFor(state)),
    terms: TERMS,
  };
}

export const adviceFor = ({ spentLately, latelyMs, available }: AutoReloadView): Advice =>
  advise(spentLately, latelyMs, available);
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
