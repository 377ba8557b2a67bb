/** Auto-reload: shown from Postgres, changed by the account's workflow, which may charge at once (A1–A5, A13). */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Announced, SettingsAnswer } from '../../domain/accountState';
import { advise, outlook } from '../../domain/advice';
import { checkSettings, type AutoReloadSettings, type SettingsBounds } from '../../domain/autoReload';
import { notFound, Problem, unavailable } from '../../domain/errors';
import { formatCents } from '../../domain/money';
import { asSentence } from '../../domain/words';
import { readAssessment } from '../../ledger/settings/readAssessment';
import { readSettingsState } from '../../ledger/settings/readSettingsState';
import { listPaymentMethods } from '../../ledger/methods/listPaymentMethods';
import { findWaitingReload } from '../../ledger/payments/findWaitingReload';
import { readAccount } from '../../ledger/accounts/readAccount';
import { readResumeCharge } from '../../ledger/settings/readResumeCharge';
import { readAutoReload } from '../../ledger/settings/readAutoReload';
import { readSpending } from '../../ledger/usage/readSpending';
import {
  configureAutoReloadUpdate,
  disableAutoReloadUpdate,
  pauseAutoReloadUpdate,
  resumeAutoReloadUpdate,
} from '../../workflows/messages';
import { withCardTry } from './cardTry';
import { advice, shown, viewAdvice, viewAutoReload } from './autoReloadView';
import { centsOf } from '../http/cents';
import { accepted, ok, type Reply } from '../http/endpoint';
import { money, moneyIn, ofAccount } from '../http/schemas';
import { endpoint, type Uses } from '../services';
import { updateBalance } from '../signals/temporal';

const charged = z.strictObject({ amount: money, transaction: z.number().int() }).nullable();

async function show(
  accountId: string,
  { pool, policy, clock, bounds }: Uses<'pool' | 'policy' | 'clock' | 'bounds'>,
): Promise<z.input<typeof shown>> {
  const nowMs = clock.now();
  const [state, spending] = await Promise.all([
    readAutoReload(pool, accountId, nowMs),
    readSpending(pool, accountId, nowMs),
  ]);
  if (!state) throw notFound(`account ${accountId}`);
  const resumeCents = state.status === 'paused' ? await chargeOfResuming(accountId, { pool, policy }, nowMs) : 0;
  return viewAutoReload(state, resumeCents, advise(spending, state.available, bounds), bounds);
}

/** In whole cents; 0: nothing. */
async function chargeOfResuming(id: string, { pool, policy }: Uses<'pool' | 'policy'>, nowMs: number): Promise<number> {
  const [account, state] = await Promise.all([readAccount(pool, id), readSettingsState(pool, id)]);
  return account && state ? readResumeCharge(pool, account.position, state, policy, nowMs) : 0;
}

export const read = endpoint({
  params: ofAccount,
  replies: { 200: shown },
  uses: ['pool', 'policy', 'clock', 'bounds'],
  handle: async ({ params }, services) => ok(await show(params.id, services)),
});

const announced = {
  expectedCharge: moneyIn.optional().meta({
    description:
      'What was announced to be charged at once, `0.00` for nothing. If it is another sum by now, nothing is changed or ' +
      'charged: 409 `charge_changed`. Left out: whatever it is is charged. A preview does not look at it.',
  }),
};

const wish = z.strictObject({
  threshold: moneyIn,
  amount: moneyIn,
  monthlyLimit: moneyIn.nullish(),
  acceptTerms: z.boolean().optional(),
  ...announced,
});

export const configure = endpoint({
  params: ofAccount,
  body: { schema: wish },
  replies: { 200: shown.extend({ charged }), 202: shown.extend({ charged, pending: z.literal(true) }) },
  uses: ['pool', 'temporal', 'gates', 'links', 'policy', 'clock', 'bounds'],
  refusals: [
    'payment_method_required',
    'first_purchase_required',
    'terms_required',
    'out_of_range',
    'fraction_of_a_cent',
    'amount_too_small',
    'monthly_limit_exceeded',
    'reload_in_flight',
    'account_suspended',
    'breaker_reached',
    'charge_changed',
    'card_declined',
    'temporal_unavailable',
  ],
  async handle({ params: { id }, body, principal }, services) {
    await requirePrimaryMethod(id, services);
    const settings = toSettings(body, services.bounds);
    const expected = toAnnounced(body);
    if (body.acceptTerms !== true)
      throw new Problem('terms_required', 'Auto-reload charges a card by itself: send acceptTerms: true.');
    return withCardTry({ accountId: id, id: randomUUID() }, services, async (begin) => {
      if ((await assess(id, settings, services)).would.kind === 'charge') await begin();
      const answer = await updateBalance(services, id, configureAutoReloadUpdate, {
        actor: principal.actor,
        settings,
        ...expected,
      });
      return answered(id, answer, services);
    });
  },
});

/** What `configure` would do with this now, and how it would work out. Changes nothing; a refusal is an answer here. */
export const preview = endpoint({
  params: ofAccount,
  body: { schema: wish },
  replies: {
    200: z.strictObject({
      wouldCharge: money.nullable(),
      refusal: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
      reloadsPerDay: z.number(),
      minutesUntilReload: z.number().int().nullable(),
      advice,
    }),
  },
  uses: ['pool', 'policy', 'clock', 'bounds'],
  refusals: ['out_of_range', 'fraction_of_a_cent'],
  async handle({ params: { id }, body }, services) {
    const settings = toSettings(body, services.bounds);
    const [{ position, would }, spending] = await Promise.all([
      assess(id, settings, services),
      readSpending(services.pool, id, services.clock.now()),
    ]);
    const { available } = position;
    const advised = advise(spending, available, services.bounds);
    return ok({
      wouldCharge: would.kind === 'charge' ? formatCents(would.cents) : null,
      refusal: would.kind === 'refused' ? { code: would.code, detail: asSentence(would.detail) } : null,
      ...outlook(advised, available, settings),
      advice: viewAdvice(advised),
    });
  },
});

/** What the settings would do now. */
async function assess(
  id: string,
  settings: AutoReloadSettings,
  { pool, policy, clock }: Uses<'pool' | 'policy' | 'clock'>,
) {
  const nowMs = clock.now();
  const [account, state] = await Promise.all([readAccount(pool, id), readSettingsState(pool, id)]);
  if (!account || !state) throw notFound(`account ${id}`);
  const { position } = account;
  return { position, would: await readAssessment(pool, position, state, settings, policy, nowMs) };
}

/** A1, checked before everything else: without a method nothing of this makes sense. */
async function requirePrimaryMethod(id: string, { pool }: Uses<'pool'>): Promise<void> {
  const methods = await listPaymentMethods(pool, id);
  if (!methods.some(({ role }) => role === 'primary'))
    throw new Problem('payment_method_required', 'Auto-reload needs a primary payment method on file.');
}

/** Throws `out_of_range` or `fraction_of_a_cent`, with each field that is wrong. */
export function toSettings(
  { threshold, amount, monthlyLimit }: Pick<z.output<typeof wish>, 'threshold' | 'amount' | 'monthlyLimit'>,
  bounds: SettingsBounds,
): AutoReloadSettings {
  const settings = {
    thresholdCents: centsOf('threshold', threshold),
    amountCents: centsOf('amount', amount),
    monthlyLimitCents: typeof monthlyLimit === 'string' ? centsOf('monthlyLimit', monthlyLimit) : null,
  };
  const errors = checkSettings(settings, bounds);
  if (errors.length > 0)
    throw new Problem('out_of_range', errors.map(({ path, message }) => `${path} ${message}`).join('; '), { errors });
  return settings;
}

/** Throws `fraction_of_a_cent` or `out_of_range`. */
function toAnnounced({ expectedCharge }: { expectedCharge?: string | undefined }): Announced {
  if (expectedCharge === undefined) return {};
  const cents = centsOf('expectedCharge', expectedCharge);
  if (cents < 0) throw new Problem('out_of_range', 'expectedCharge must be 0.00 or more.');
  return { expectedChargeCents: cents };
}

const CHANGING = {
  params: ofAccount,
  replies: { 200: shown },
  uses: ['pool', 'temporal', 'policy', 'clock', 'bounds'],
} as const;

const changing = (update: typeof pauseAutoReloadUpdate) =>
  endpoint({
    ...CHANGING,
    refusals: ['auto_reload_not_on', 'auto_reload_not_paused', 'account_suspended', 'temporal_unavailable'],
    handle: async ({ params: { id }, principal }, services) =>
      changed(id, await updateBalance(services, id, update, { actor: principal.actor }), services),
  });

export const pause = changing(pauseAutoReloadUpdate);
/** At or below the threshold it charges (A13): what, `resumeWouldCharge` says beforehand. */
export const resume = endpoint({
  ...CHANGING,
  body: { schema: z.strictObject(announced), optional: true },
  refusals: [
    'auto_reload_not_paused',
    'account_suspended',
    'charge_changed',
    'fraction_of_a_cent',
    'out_of_range',
    'temporal_unavailable',
  ],
  async handle({ params: { id }, body, principal }, services) {
    const asked = { actor: principal.actor, ...toAnnounced(body) };
    return changed(id, await updateBalance(services, id, resumeAutoReloadUpdate, asked), services);
  },
});
export const disable = changing(disableAutoReloadUpdate);

/** What a change that charges nothing itself has brought. */
async function changed(
  id: string,
  answer: SettingsAnswer,
  services: Uses<'pool' | 'policy' | 'clock' | 'bounds'>,
): Promise<Reply> {
  if (answer.kind === 'refused') throw toRefusal(answer);
  if (answer.kind === 'pending')
    throw unavailable(
      'temporal_unavailable',
      'The change has been asked for, but is not made yet: look again, or repeat it.',
    );
  return ok(await show(id, services));
}

const toRefusal = ({ code, detail, wouldChargeCents: cents }: Extract<SettingsAnswer, { kind: 'refused' }>): Problem =>
  new Problem(
    code,
    asSentence(detail),
    cents === undefined ? {} : { members: { wouldCharge: cents === 0 ? null : formatCents(cents) } },
  );

/** The workflow's answer on the wire. Whoever was charged is let in before the answer is read (S5). */
async function answered(
  id: string,
  answer: SettingsAnswer,
  services: Uses<'pool' | 'gates' | 'links' | 'policy' | 'clock' | 'bounds'>,
): Promise<Reply> {
  switch (answer.kind) {
    case 'saved':
      return ok({ ...(await show(id, services)), charged: null });
    case 'charged':
      await services.gates.look(id);
      return ok({
        ...(await show(id, services)),
        charged: { amount: formatCents(answer.cents), transaction: answer.sequence },
      });
    case 'pending':
      return accepted({ ...(await show(id, services)), charged: null, pending: true });
    case 'declined':
      throw new Problem('card_declined', answer.message, {
        members: { declineCode: answer.declineCode, ...(await linkToConfirm(id, answer.declineCode, services)) },
      });
    case 'refused':
      throw toRefusal(answer);
  }
}

/** A first charge that the bank wants confirmed: its owner is here, so the link of the mail is in the answer too (A11). */
async function linkToConfirm(
  id: string,
  declineCode: string,
  { pool, links }: Uses<'pool' | 'links'>,
): Promise<{ url?: string }> {
  const paymentId = declineCode === 'authentication_required' ? await findWaitingReload(pool, id) : null;
  return paymentId === null ? {} : { url: links.urlOf(paymentId) };
}
