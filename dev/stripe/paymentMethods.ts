// Payment methods: made from test cards, attached to customers, detached, listed.
import type Stripe from 'stripe';
import { z } from 'zod';
import { attachDecline } from './declines';
import { invalidParameter, invalidRequest, resourceMissing, StripeError } from './errors';
import { listObjects, listParams } from './lists';
import { id, ignored, integer, mergeMetadata, metadata, parseParams } from './params';
import { fingerprintOf, newBankMethod, newCardMethod, TEST_BANK_ACCOUNT } from './newPaymentMethod';
import type { ApiRequest } from './apiRequest';
import { testCardById, testCardByNumber, type TestCard } from './testCards';
import { all, type Transaction } from './transaction';
import type { Card } from './cardBehavior';

const cardParams = z.strictObject({
  token: id.optional(),
  number: z.string().optional(),
  exp_month: integer.optional(),
  exp_year: integer.optional(),
  cvc: z.string().optional(),
});

const createParams = z.strictObject({
  type: z.literal('card'),
  card: cardParams,
  billing_details: z.record(z.string(), z.unknown()).optional(),
  metadata: metadata.optional(),
  allow_redisplay: ignored,
});

const updateParams = z.strictObject({
  metadata: metadata.optional(),
  card: z.strictObject({ exp_month: integer.optional(), exp_year: integer.optional() }).optional(),
  billing_details: z.record(z.string(), z.unknown()).optional(),
  allow_redisplay: ignored,
});

const listMethodsParams = z.strictObject({
  ...listParams,
  customer: id.optional(),
  type: z.string().optional(),
  allow_redisplay: ignored,
});

export function createPaymentMethod(tx: Transaction, request: ApiRequest): Stripe.PaymentMethod {
  const params = parseParams(createParams, request.params);
  const { method } = newCardMethod(tx, testCardOf(params.card), {
    expMonth: params.card.exp_month,
    expYear: params.card.exp_year,
    billingDetails: params.billing_details as Partial<Stripe.PaymentMethod.BillingDetails> | undefined,
    metadata: mergeMetadata({}, params.metadata),
  });
  return method;
}

function testCardOf({ token, number }: z.infer<typeof cardParams>): TestCard {
  if (token !== undefined) {
    const card = testCardById(token);
    if (card === null) throw resourceMissing('token', token, 'card[token]');
    return card;
  }
  if (number === undefined)
    throw invalidParameter('Missing required param: card[number].', 'card[number]', 'parameter_missing');
  const card = testCardByNumber(number.replaceAll(/[ -]/g, ''));
  if (card !== null) return card;
  throw new StripeError(402, attachDecline('incorrect_number'));
}

/** The payment method of that id; one of the test ids makes a new payment method each time, as at Stripe. */
export async function resolvePaymentMethod(
  tx: Transaction,
  methodId: string,
  param = 'payment_method',
): Promise<{ method: Stripe.PaymentMethod; card: Card }> {
  const testCard = testCardById(methodId);
  if (testCard !== null) return newCardMethod(tx, testCard);
  if (methodId === TEST_BANK_ACCOUNT) return newBankMethod(tx);
  const method = await tx.get('payment_methods', methodId);
  const card = await tx.get('cards', methodId);
  if (method === undefined || card === undefined) throw resourceMissing('PaymentMethod', methodId, param);
  if (card.spent) {
    throw invalidRequest(
      'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.',
      { param },
    );
  }
  return { method, card };
}

export async function attachPaymentMethod(tx: Transaction, request: ApiRequest): Promise<Stripe.PaymentMethod> {
  const params = parseParams(z.strictObject({ customer: id }), request.params);
  const customer = await tx.need('customers', params.customer, 'customer');
  const { method, card } = await resolvePaymentMethod(tx, request.ids[0] as string);
  return attach(tx, method, card, customer.id);
}

/** Attaches to the customer, or throws what Stripe answers when the card or its state forbids it. */
export function attach(
  tx: Transaction,
  method: Stripe.PaymentMethod,
  card: Card,
  customerId: string,
): Stripe.PaymentMethod {
  if (method.customer === customerId) return method;
  if (method.customer !== null)
    throw invalidRequest('The payment method you provided has already been attached to a customer.');
  if (card.behavior.attachDecline !== null) {
    throw new StripeError(402, { ...attachDecline(card.behavior.attachDecline), payment_method: method });
  }
  const attached = tx.update('payment_methods', method, { customer: customerId });
  tx.emit('payment_method.attached', attached);
  return attached;
}

export async function detachPaymentMethod(tx: Transaction, request: ApiRequest): Promise<Stripe.PaymentMethod> {
  parseParams(z.strictObject({}), request.params);
  const method = await tx.need('payment_methods', request.ids[0] as string, 'payment_method');
  if (method.customer === null) {
    throw invalidRequest('The payment method you provided is not attached to a customer so detachment is impossible.', {
      param: 'payment_method',
    });
  }
  const detached = tx.update('payment_methods', method, { customer: null });
  tx.update('cards', await tx.need('cards', method.id), { spent: true });
  await forgetAsDefault(tx, method);
  tx.emit('payment_method.detached', detached, method);
  return detached;
}

/** A customer that is deleted takes its methods with it. Stripe promises no events of them beside the customer's. */
export async function detachWithCustomer(tx: Transaction, customerId: string): Promise<void> {
  const methods = await all(tx.newest('payment_methods', { where: { field: 'customer', equals: customerId } }));
  for (const method of methods) {
    tx.update('payment_methods', method, { customer: null });
    tx.update('cards', await tx.need('cards', method.id), { spent: true });
  }
}

async function forgetAsDefault(tx: Transaction, method: Stripe.PaymentMethod): Promise<void> {
  const customer = await tx.get('customers', method.customer as string);
  if (customer?.invoice_settings.default_payment_method !== method.id) return;
  tx.update('customers', customer, {
    invoice_settings: { ...customer.invoice_settings, default_payment_method: null },
  });
}

export async function retrievePaymentMethod(tx: Transaction, request: ApiRequest): Promise<Stripe.PaymentMethod> {
  parseParams(z.strictObject({}), request.params);
  return tx.need('payment_methods', request.ids[0] as string, 'payment_method');
}

/** GET /v1/customers/:id/payment_methods/:id */
export async function retrieveCustomersPaymentMethod(
  tx: Transaction,
  request: ApiRequest,
): Promise<Stripe.PaymentMethod> {
  parseParams(z.strictObject({}), request.params);
  const [customerId, methodId] = request.ids as [string, string];
  await tx.need('customers', customerId, 'customer');
  const method = await tx.need('payment_methods', methodId, 'payment_method');
  if (method.customer !== customerId) throw resourceMissing('PaymentMethod', methodId, 'payment_method');
  return method;
}

export async function updatePaymentMethod(tx: Transaction, request: ApiRequest): Promise<Stripe.PaymentMethod> {
  const params = parseParams(updateParams, request.params);
  const method = await tx.need('payment_methods', request.ids[0] as string, 'payment_method');
  if (method.customer === null) {
    throw invalidRequest('You must save this PaymentMethod to a customer before you can update it.', {
      param: 'payment_method',
    });
  }
  const updated = tx.update('payment_methods', method, {
    metadata: mergeMetadata(method.metadata ?? {}, params.metadata),
    billing_details: { ...method.billing_details, ...params.billing_details },
    card: { ...(method.card as Stripe.PaymentMethod.Card), ...params.card },
  });
  tx.emit('payment_method.updated', updated, method);
  return updated;
}

/** The card's network gives Stripe what the bank has changed: the expiry of a renewed card, or its new number. */
export async function updateByNetwork(
  tx: Transaction,
  methodId: string,
  {
    expMonth,
    expYear,
    number,
  }: { expMonth?: number | undefined; expYear?: number | undefined; number?: string | undefined },
): Promise<Stripe.PaymentMethod> {
  const method = await tx.need('payment_methods', methodId, 'payment_method');
  if (number !== undefined) tx.update('cards', await tx.need('cards', methodId), { number });
  const updated = tx.update('payment_methods', method, {
    card: {
      ...(method.card as Stripe.PaymentMethod.Card),
      ...(expMonth !== undefined && { exp_month: expMonth }),
      ...(expYear !== undefined && { exp_year: expYear }),
      ...(number !== undefined && { fingerprint: fingerprintOf(number), last4: number.slice(-4) }),
    },
  });
  tx.emit('payment_method.automatically_updated', updated, method);
  return updated;
}

/** Both of Stripe's routes: GET /v1/payment_methods?customer= and GET /v1/customers/:id/payment_methods. */
export async function listPaymentMethods(tx: Transaction, request: ApiRequest): Promise<object> {
  const params = parseParams(listMethodsParams, request.params);
  const customer = request.ids[0] ?? params.customer;
  // Stripe lists only what is attached to the customer that is asked for.
  if (customer === undefined) return { object: 'list', url: request.path, has_more: false, data: [] };
  await tx.need('customers', customer, 'customer');
  return listObjects(tx, 'payment_methods', request.path, params, {
    where: { field: 'customer', equals: customer },
    keep: (method) => params.type === undefined || method.type === params.type,
  });
}
