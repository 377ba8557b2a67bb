// PaymentIntents as API resources: create, retrieve, update, confirm, cancel, list.
import type Stripe from 'stripe';
import { z } from 'zod';
import { confirmIntent } from './confirmation';
import { invalidParameter } from './errors';
import { unexpectedState } from './intentState';
import { listObjects, listParams } from './lists';
import { allowedTypes, blankIntent } from './newPaymentIntent';
import { boolean, chargeAmount, currency, id, ignored, mergeMetadata, metadata, parseParams, text } from './params';
import { resolvePaymentMethod } from './paymentMethods';
import type { ApiRequest } from './apiRequest';
import type { Transaction } from './transaction';

const usage = z.union([z.literal(''), z.enum(['off_session', 'on_session'])]);

const shared = {
  customer: id.optional(),
  description: text.optional(),
  metadata: metadata.optional(),
  payment_method: id.optional(),
  receipt_email: text.optional(),
  setup_future_usage: usage.optional(),
  statement_descriptor: text.optional(),
  statement_descriptor_suffix: text.optional(),
  allowed_payment_method_types: z.array(z.string()).min(1).optional(),
  excluded_payment_method_types: ignored,
  payment_method_options: ignored,
  shipping: ignored,
};

const confirmation = {
  off_session: z.union([boolean, z.enum(['one_off', 'recurring'])]).optional(),
  return_url: z.url().optional(),
  error_on_requires_action: boolean.optional(),
  mandate_data: ignored,
  radar_options: ignored,
  use_stripe_sdk: ignored,
};

const createParams = z.strictObject({
  amount: chargeAmount,
  currency,
  confirm: boolean.optional(),
  automatic_payment_methods: z
    .strictObject({ enabled: boolean, allow_redirects: z.enum(['always', 'never']).optional() })
    .optional(),
  capture_method: z.enum(['automatic', 'automatic_async'], 'the simulator captures automatically only').optional(),
  confirmation_method: ignored,
  ...shared,
  ...confirmation,
});

export async function createPaymentIntent(tx: Transaction, request: ApiRequest): Promise<Stripe.PaymentIntent> {
  const params = parseParams(createParams, request.params);
  for (const name of ['off_session', 'return_url', 'error_on_requires_action'] as const) {
    if (params[name] === undefined || params.confirm === true) continue;
    throw invalidParameter(
      `You cannot set \`${name}\` when creating a PaymentIntent without setting \`confirm\` to true.`,
      name,
    );
  }
  if (params.customer !== undefined) await tx.need('customers', params.customer, 'customer');
  const method =
    params.payment_method === undefined ? null : (await resolvePaymentMethod(tx, params.payment_method)).method;
  const intent = tx.put('payment_intents', {
    ...blankIntent(tx, params.amount, params.currency),
    ...allowedTypes(params.allowed_payment_method_types),
    automatic_payment_methods:
      params.automatic_payment_methods?.enabled === false
        ? null
        : { allow_redirects: params.automatic_payment_methods?.allow_redirects ?? 'always', enabled: true },
    customer: params.customer ?? null,
    description: params.description || null,
    metadata: mergeMetadata({}, params.metadata),
    payment_method: method?.id ?? null,
    receipt_email: params.receipt_email || null,
    setup_future_usage: params.setup_future_usage || null,
    statement_descriptor: params.statement_descriptor || null,
    statement_descriptor_suffix: params.statement_descriptor_suffix || null,
    status: method === null ? 'requires_payment_method' : 'requires_confirmation',
  });
  tx.emit('payment_intent.created', intent);
  if (params.confirm !== true) return intent;
  return confirmIntent(tx, intent, {
    methodId: method?.id,
    offSession: Boolean(params.off_session),
    returnUrl: params.return_url,
    errorOnRequiresAction: params.error_on_requires_action,
  });
}

export async function retrievePaymentIntent(tx: Transaction, request: ApiRequest): Promise<Stripe.PaymentIntent> {
  const params = parseParams(z.strictObject({ client_secret: z.string().optional() }), request.params);
  const intent = await tx.need('payment_intents', request.ids[0] as string, 'intent');
  if (params.client_secret !== undefined && params.client_secret !== intent.client_secret) {
    throw invalidParameter(
      'The client_secret provided does not match any associated PaymentIntent on this account.',
      'client_secret',
    );
  }
  return intent;
}

const updateParams = z.strictObject({ amount: chargeAmount.optional(), currency: currency.optional(), ...shared });

export async function updatePaymentIntent(tx: Transaction, request: ApiRequest): Promise<Stripe.PaymentIntent> {
  const params = parseParams(updateParams, request.params);
  const intent = await tx.need('payment_intents', request.ids[0] as string, 'intent');
  const open = ['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status);
  for (const name of ['amount', 'customer', 'payment_method'] as const) {
    if (params[name] !== undefined && !open)
      throw unexpectedState(
        intent,
        `This PaymentIntent's ${name} could not be updated because it has a status of ${intent.status}.`,
      );
  }
  if (params.customer !== undefined) await tx.need('customers', params.customer, 'customer');
  const method =
    params.payment_method === undefined ? null : (await resolvePaymentMethod(tx, params.payment_method)).method;
  return tx.update('payment_intents', intent, {
    ...(params.amount !== undefined && { amount: params.amount }),
    ...(params.customer !== undefined && { customer: params.customer }),
    ...(params.description !== undefined && { description: params.description || null }),
    ...(params.receipt_email !== undefined && { receipt_email: params.receipt_email || null }),
    ...(params.setup_future_usage !== undefined && { setup_future_usage: params.setup_future_usage || null }),
    ...allowedTypes(params.allowed_payment_method_types),
    ...(method !== null && { payment_method: method.id, status: 'requires_confirmation', next_action: null }),
    ...(open && { last_payment_error: null }),
    metadata: mergeMetadata(intent.metadata, params.metadata),
  });
}

const confirmParams = z.strictObject({
  client_secret: ignored,
  payment_method: id.optional(),
  receipt_email: text.optional(),
  setup_future_usage: usage.optional(),
  allowed_payment_method_types: shared.allowed_payment_method_types,
  excluded_payment_method_types: ignored,
  payment_method_options: ignored,
  shipping: ignored,
  capture_method: ignored,
  ...confirmation,
});

export async function confirmPaymentIntent(tx: Transaction, request: ApiRequest): Promise<Stripe.PaymentIntent> {
  const params = parseParams(confirmParams, request.params);
  const intent = {
    ...(await tx.need('payment_intents', request.ids[0] as string, 'intent')),
    ...allowedTypes(params.allowed_payment_method_types),
  };
  return confirmIntent(tx, intent, {
    methodId: params.payment_method,
    offSession: Boolean(params.off_session),
    returnUrl: params.return_url,
    receiptEmail: params.receipt_email,
    setupFutureUsage: params.setup_future_usage,
    errorOnRequiresAction: params.error_on_requires_action,
  });
}

const cancelParams = z.strictObject({
  cancellation_reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned']).optional(),
});

const CANCELABLE = ['requires_payment_method', 'requires_capture', 'requires_confirmation', 'requires_action'];

export async function cancelPaymentIntent(tx: Transaction, request: ApiRequest): Promise<Stripe.PaymentIntent> {
  const params = parseParams(cancelParams, request.params);
  const intent = await tx.need('payment_intents', request.ids[0] as string, 'intent');
  if (!CANCELABLE.includes(intent.status)) {
    throw unexpectedState(
      intent,
      `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${CANCELABLE.join(', ')}.`,
    );
  }
  const canceled = tx.update('payment_intents', intent, {
    status: 'canceled',
    canceled_at: tx.now,
    cancellation_reason: params.cancellation_reason ?? null,
    next_action: null,
  });
  tx.emit('payment_intent.canceled', canceled);
  return canceled;
}

const searchIntentsParams = z.strictObject({ query: text, limit: listParams.limit, page: id.optional() });

/** By one field of the metadata. Stripe's own search shows an object a minute after it was made; this one at once. */
export async function searchPaymentIntents(tx: Transaction, request: ApiRequest): Promise<object> {
  const { query, limit, page } = parseParams(searchIntentsParams, request.params);
  const [, field, value] = /^metadata\["([^"]+)"\]:"([^"]*)"$/.exec(query) ?? [];
  if (field === undefined) throw invalidParameter('The simulator searches by one field of the metadata.', 'query');
  const { data, has_more, url } = await listObjects(
    tx,
    'payment_intents',
    request.path,
    { limit, starting_after: page },
    { keep: ({ metadata }) => new Map(Object.entries(metadata)).get(field) === value },
  );
  return { object: 'search_result', url, has_more, data, next_page: has_more ? data.at(-1)!.id : null };
}

const listIntentsParams = z.strictObject({ ...listParams, customer: id.optional() });

export async function listPaymentIntents(tx: Transaction, request: ApiRequest): Promise<object> {
  const params = parseParams(listIntentsParams, request.params);
  return listObjects(tx, 'payment_intents', request.path, params, {
    where: { field: 'customer', equals: params.customer },
  });
}
