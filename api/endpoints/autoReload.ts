/** Auto-reload: shown from Postgres, changed by the account's workflow, which may charge at once (A1–A5, A13). */
import { z } from 'zod';
import type { SettingsAnswer } from '../../domain/accountState';
import { advise } from '../../domain/advice';
import { checkSettings, PRESETS, RANGES, type AutoReloadSettings } from '../../domain/autoReload';
import { notFound, Problem, unavailable } from '../../domain/errors';
import { formatCents, formatMoney } from '../../domain/money';
import { recordAudit } from '../../ledger/audit';
import { listPaymentMethods } from '../../ledger/paymentMethods';
import { readAutoReload, type AutoReloadView } from '../../ledger/readAutoReload';
import { configureAutoReloadUpdate, disableAutoReloadUpdate, pauseAutoReloadUpdate, resumeAutoReloadUpdate } from '../../workflows/messages';
import type { Principal } from '../auth';
import { centsOf } from '../cents';
import { accepted, endpoint, ok, type Reply } from '../endpoint';
import { autoReloadStatus, money, moneyIn, ofAccount, time } from '../schemas';
import type { Services } from '../services';
import { updateBalance } from '../temporal';
import { centsOrNull } from '../views';

const range = z.strictObject({ min: money, max: money });
const shown = z.strictObject({
  status: autoReloadStatus,
  threshold: money.nullable(),
  amount: money.nullable(),
  monthlyLimit: money.nullable(),
  spentThisMonth: money,
  strikes: z.number().int(),
  reload: z.strictObject({ number: z.number().int(), attempt: z.number().int(), amount: money, state: z.enum(['charging', 'waiting', 'unknown']), nextAttemptAt: time }).nullable(),
  blockedBy: z.enum(['monthly_limit', 'breaker', 'suspended']).nullable(),
  presets: z.strictObject({ threshold: z.array(money), amount: z.array(money) }),
  ranges: z.strictObject({ threshold: range, amount: range }),
  advice: z.strictObject({ threshold: money, amount: money, dailySpend: money, minutesLeft: z.number().int().nullable() }),
}).meta({ id: 'AutoReload' });
const charged = z.strictObject({ amount: money, transaction: z.number().int() }).nullable();

const toRange = ([min, max]: readonly [number, number]) => ({ min: formatCents(min), max: formatCents(max) });
const BOUNDS = {
  presets: { threshold: PRESETS.thresholdCents.map(formatCents), amount: PRESETS.amountCents.map(formatCents) },
  ranges: { threshold: toRange(RANGES.thresholdCents), amount: toRange(RANGES.amountCents) },
};

function view(state: AutoReloadView): z.input<typeof shown> {
  const { reload, thresholdCents, amountCents, monthlyLimitCents } = state;
  const advice = advise(state.spentLately, state.latelyMs, state.available);
  return {
    status: state.status,
    threshold: centsOrNull(thresholdCents),
    amount: centsOrNull(amountCents),
    monthlyLimit: centsOrNull(monthlyLimitCents),
    spentThisMonth: formatCents(state.spentThisMonthCents),
    strikes: state.strikes,
    reload: reload && { number: reload.number, attempt: reload.attempt, amount: formatCents(reload.cents), state: reload.state, nextAttemptAt: reload.dueAt.toISOString() },
    blockedBy: state.blockedBy,
    ...BOUNDS,
    advice: {
      threshold: formatCents(advice.thresholdCents),
      amount: formatCents(advice.amountCents),
      dailySpend: formatMoney(advice.dailySpend),
      minutesLeft: advice.minutesLeft,
    },
  };
}

async function show(accountId: string, { pool }: Services): Promise<z.input<typeof shown>> {
  const state = await readAutoReload(pool, accountId, Date.now());
  if (!state) throw notFound(`account ${accountId}`);
  return view(state);
}

export const read = endpoint({
  params: ofAccount,
  replies: { 200: shown },
  handle: async ({ params }, services) => ok(await show(params.id, services)),
});

const wish = z.strictObject({ threshold: moneyIn, amount: moneyIn, monthlyLimit: moneyIn.nullish(), acceptTerms: z.boolean().optional() });

export const configure = endpoint({
  params: ofAccount,
  body: { schema: wish },
  replies: { 200: shown.extend({ charged }), 202: shown.extend({ charged, pending: z.literal(true) }) },
  async handle({ params: { id }, body, principal }, services) {
    await requirePrimaryMethod(id, services);
    const settings = toSettings(body);
    if (body.acceptTerms !== true) throw new Problem('terms_required', 'Auto-reload charges a card by itself: send acceptTerms: true.');
    const answer = await updateBalance(services.temporal, id, configureAutoReloadUpdate, { actor: principal.actor, settings });
    await note(id, principal, 'auto_reload.configure', { ...settings, outcome: answer.kind }, services);
    return answered(id, answer, services);
  },
});

/** A1, checked before everything else: without a method nothing of this makes sense. */
async function requirePrimaryMethod(id: string, { pool }: Services): Promise<void> {
  const methods = await listPaymentMethods(pool, id);
  if (!methods.some(({ role }) => role === 'primary')) throw new Problem('payment_method_required', 'Auto-reload needs a primary payment method on file.');
}

function toSettings({ threshold, amount, monthlyLimit }: z.output<typeof wish>): AutoReloadSettings {
  const settings = {
    thresholdCents: centsOf('threshold', threshold),
    amountCents: centsOf('amount', amount),
    monthlyLimitCents: typeof monthlyLimit === 'string' ? centsOf('monthlyLimit', monthlyLimit) : null,
  };
  const errors = checkSettings(settings);
  if (errors.length > 0) throw new Problem('out_of_range', errors.map(({ path, message }) => `${path} ${message}`).join('; '), { errors });
  return settings;
}

const changing = (update: typeof pauseAutoReloadUpdate, action: string) =>
  endpoint({
    params: ofAccount,
    replies: { 200: shown },
    async handle({ params: { id }, principal }, services) {
      const answer = await updateBalance(services.temporal, id, update, { actor: principal.actor });
      if (answer.kind === 'refused') throw new Problem(answer.code, sentence(answer.detail));
      if (answer.kind === 'pending') throw unavailable('temporal_unavailable', 'The change has been asked for, but is not made yet: look again, or repeat it.');
      await note(id, principal, action, {}, services);
      return ok(await show(id, services));
    },
  });

export const pause = changing(pauseAutoReloadUpdate, 'auto_reload.pause');
export const resume = changing(resumeAutoReloadUpdate, 'auto_reload.resume');
export const disable = changing(disableAutoReloadUpdate, 'auto_reload.disable');

/** The workflow's answer on the wire. Whoever was charged is let in before the answer is read (S5). */
async function answered(id: string, answer: SettingsAnswer, services: Services): Promise<Reply> {
  switch (answer.kind) {
    case 'saved':
      return ok({ ...(await show(id, services)), charged: null });
    case 'charged':
      await services.gates.look(id);
      return ok({ ...(await show(id, services)), charged: { amount: formatCents(answer.cents), transaction: answer.sequence } });
    case 'pending':
      return accepted({ ...(await show(id, services)), charged: null, pending: true });
    case 'declined':
      throw new Problem('card_declined', answer.message, { members: { declineCode: answer.declineCode } });
    case 'refused':
      throw new Problem(answer.code, sentence(answer.detail));
  }
}

const note = (id: string, { actor }: Principal, action: string, details: object, { pool }: Services) => recordAudit(pool, id, actor, action, details);
const sentence = (detail: string): string => `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`;
