/** An account's saved payment methods. Cards are entered at the provider's; here they only have a role. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { limitReached, PAYMENT_METHODS } from '../../domain/accountLimits';
import { notFound, Problem } from '../../domain/errors';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import { addPaymentMethod, isFull } from '../../ledger/methods/addPaymentMethod';
import { changeMethodRole } from '../../ledger/methods/changeMethodRole';
import { listPaymentMethods } from '../../ledger/methods/listPaymentMethods';
import type { PaymentMethod } from '../../ledger/methods/paymentMethod';
import { PAYMENTS_LOOKED_THROUGH, readLastCharges, type LastCharge } from '../../ledger/methods/readLastCharges';
import { removePaymentMethod } from '../../ledger/methods/removePaymentMethod';
import { withCustomer } from '../../payments/customer';
import type { SavedCard } from '../../domain/payment';
import { paymentMethodsChangedSignal } from '../../workflows/messages';
import { withCardTry } from './cardTry';
import { created, noContent, ok } from '../http/endpoint';
import { accountId, id, ofAccount, time, webAddress } from '../http/schemas';
import { endpoint, type Uses } from '../services';

const role = z.enum(['primary', 'backup']);
const method = z
  .strictObject({
    id,
    role: role.nullable(),
    brand: z.string(),
    last4: z.string(),
    expMonth: z.number().int().nullable(),
    expYear: z.number().int().nullable(),
    fingerprint: z.string().nullable(),
    usable: z.boolean(),
    unusableBecause: z
      .string()
      .nullable()
      .meta({ description: 'The code with which it was declined for good; it is not tried again while this stands.' }),
    lastCharge: z
      .strictObject({
        at: time,
        outcome: z.enum(['succeeded', 'declined']),
        declineCode: z.string().nullable(),
        declineMessage: z.string().nullable(),
      })
      .nullable()
      .meta({
        description:
          'How its last charge was answered, a reload or a prepayment. ' +
          `Null: none of the last ${PAYMENTS_LOOKED_THROUGH} payments of the account charged it, or the answer is not known yet.`,
      }),
  })
  .meta({ id: 'PaymentMethod' });
const ofMethod = z.strictObject({ id: accountId, methodId: id });

const view = (found: PaymentMethod, lastCharges: ReadonlyMap<string, LastCharge>): z.input<typeof method> => {
  const last = lastCharges.get(found.id);
  return { ...found, lastCharge: last ? { ...last, at: last.at.toISOString() } : null };
};

async function attach(
  account: string,
  methodId: string,
  services: Uses<'pool' | 'provider' | 'log' | 'clock'>,
): Promise<SavedCard> {
  const attached = await withCustomer(services, account, (customerId) =>
    services.provider.attachPaymentMethod(customerId, methodId),
  );
  switch (attached.kind) {
    case 'attached':
      return attached.method;
    case 'declined':
      throw new Problem('card_declined', attached.message, { members: { declineCode: attached.declineCode } });
    case 'invalid':
      throw new Problem('payment_method_invalid', attached.message, {
        errors: [{ path: 'paymentMethod', message: attached.message }],
      });
  }
}

/**
 * Before anything is done at the provider. Of many that pass here at once, those that find no room in the end are detached.
 * @param methodId null: it is not known yet
 */
async function requireRoom(
  account: string,
  methodId: string | null,
  { pool, accountLimits }: Uses<'pool' | 'accountLimits'>,
): Promise<void> {
  const { paymentMethods: methodsMax } = accountLimits;
  const existing = await listPaymentMethods(pool, account);
  if (isFull(existing, methodId, methodsMax)) throw limitReached(PAYMENT_METHODS, methodsMax, existing.length);
}

export const setup = endpoint({
  params: ofAccount,
  body: { schema: z.strictObject({ returnUrl: webAddress }) },
  replies: { 201: z.strictObject({ url: z.string() }) },
  uses: ['pool', 'provider', 'log', 'clock', 'accountLimits'],
  async handle({ params, body }, services) {
    await requireRoom(params.id, null, services);
    const url = await withCustomer(services, params.id, (customerId) =>
      services.provider.createSetupPage(customerId, body.returnUrl),
    );
    return created({ url });
  },
  refusals: ['limit_reached', 'payments_unavailable'],
});

export const add = endpoint({
  params: ofAccount,
  body: {
    schema: z.strictObject({
      paymentMethod: z.string().regex(/^pm_[A-Za-z0-9_]{1,100}$/, 'must be the id of a payment method, pm_…'),
      role: role.optional(),
    }),
  },
  replies: { 201: method },
  uses: ['pool', 'provider', 'signals', 'log', 'clock', 'accountLimits'],
  refusals: ['card_declined', 'payment_method_invalid', 'limit_reached', 'payments_unavailable'],
  async handle({ params, body, principal }, services) {
    const { paymentMethods: methodsMax } = services.accountLimits;
    await requireRoom(params.id, body.paymentMethod, services);
    const card = await withCardTry({ accountId: params.id, id: randomUUID() }, services, async (begin) => {
      await begin();
      return attach(params.id, body.paymentMethod, services);
    });
    const added = await transaction(services.pool, async (tx) => {
      const done = await addPaymentMethod(tx, params.id, card, body.role ?? null, methodsMax);
      if (done.kind === 'added')
        await recordAudit(tx, params.id, principal.actor, 'payment_method.add', {
          method: card.id,
          role: done.method.role,
        });
      return done;
    });
    if (added.kind === 'too_many') {
      await detach(card.id, services);
      throw limitReached(PAYMENT_METHODS, methodsMax, added.inUse);
    }
    services.signals.tell(params.id, paymentMethodsChangedSignal);
    // Added again, it may have been charged before.
    return created(view(added.method, await readLastCharges(services.pool, params.id)));
  },
});

export const list = endpoint({
  params: ofAccount,
  replies: { 200: z.strictObject({ data: z.array(method) }) },
  uses: ['pool'],
  async handle({ params }, { pool }) {
    const [methods, lastCharges] = await Promise.all([
      listPaymentMethods(pool, params.id),
      readLastCharges(pool, params.id),
    ]);
    return ok({ data: methods.map((found) => view(found, lastCharges)) });
  },
});

export const changeRole = endpoint({
  params: ofMethod,
  body: { schema: z.strictObject({ role }) },
  replies: { 200: method },
  uses: ['pool', 'signals'],
  async handle({ params, body, principal }, { pool, signals }) {
    const changed = await transaction(pool, async (tx) => {
      const done = await changeMethodRole(tx, params.id, params.methodId, body.role);
      if (!done) throw notFound(`payment method ${params.methodId}`);
      await recordAudit(tx, params.id, principal.actor, 'payment_method.change', {
        method: params.methodId,
        role: body.role,
      });
      return done;
    });
    signals.tell(params.id, paymentMethodsChangedSignal);
    return ok(view(changed.method, await readLastCharges(pool, params.id)));
  },
});

export const remove = endpoint({
  params: ofMethod,
  replies: { 204: null },
  uses: ['pool', 'provider', 'signals', 'log'],
  refusals: ['last_payment_method'],
  async handle({ params, principal }, services) {
    const { pool, signals } = services;
    await transaction(pool, async (tx) => {
      const { kind } = await removePaymentMethod(tx, params.id, params.methodId);
      if (kind === 'not_found') throw notFound(`payment method ${params.methodId}`);
      if (kind === 'last_payment_method')
        throw new Problem(
          'last_payment_method',
          'Auto-reload is on and this is the last method that it may charge; disable it or make another one primary first.',
        );
      await recordAudit(tx, params.id, principal.actor, 'payment_method.remove', { method: params.methodId });
    });
    signals.tell(params.id, paymentMethodsChangedSignal);
    await detach(params.methodId, services);
    return noContent;
  },
});

/** It is ours no more, whatever becomes of it at the provider. */
async function detach(methodId: string, { provider, log }: Uses<'provider' | 'log'>): Promise<void> {
  await provider
    .detachPaymentMethod(methodId)
    .catch((error: Error) => log.warn({ err: error, method: methodId }, 'a removed method could not be detached'));
}
