// SetupIntents as API resources: create, retrieve, confirm, cancel, list.
import type Stripe from 'stripe';
import { z } from 'zod';
import { newClientSecret, newId } from './ids';
import { listObjects, listParams } from './lists';
import { boolean, id, ignored, mergeMetadata, metadata, parseParams, text } from './params';
import { resolvePaymentMethod } from './paymentMethods';
import type { ApiRequest } from './apiRequest';
import { confirmSetup, unexpectedState } from './setupConfirmation';
import type { Transaction } from './transaction';

const confirmation = {
  payment_method: id.optional(),
  return_url: z.url().optional(),
  mandate_data: ignored,
  use_stripe_sdk: ignored,
};

const createParams = z.strictObject({
  automatic_payment_methods: ignored,
  confirm: boolean.optional(),
  customer: id.optional(),
  description: text.optional(),
  metadata: metadata.optional(),
  allowed_payment_method_types: z.array(z.string()).optional(),
  excluded_payment_method_types: ignored,
  payment_method_options: ignored,
  usage: z.enum(['off_session', 'on_session']).optional(),
  ...confirmation,
});

export async function createSetupIntent(tx: Transaction, request: ApiRequest): Promise<Stripe.SetupIntent> {
  const params = parseParams(createParams, request.params);
  if (params.customer !== undefined) await tx.need('customers', params.customer, 'customer');
  const method =
    params.payment_method === undefined ? null : (await resolvePaymentMethod(tx, params.payment_method)).method;
  const intent = newSetupIntent(tx, {
    customer: params.customer ?? null,
    description: params.description || null,
    metadata: mergeMetadata({}, params.metadata),
    payment_method: method?.id ?? null,
    allowed_payment_method_types: params.allowed_payment_method_types ?? null,
    payment_method_types: params.allowed_payment_method_types ?? ['card', 'link'],
    status: method === null ? 'requires_payment_method' : 'requires_confirmation',
    usage: params.usage ?? 'off_session',
  });
  return params.confirm === true ? confirmSetup(tx, intent, method?.id, params.return_url) : intent;
}

export function newSetupIntent(tx: Transaction, fields: Partial<Stripe.SetupIntent>): Stripe.SetupIntent {
  const intentId = newId('seti');
  const intent: Stripe.SetupIntent = {
    id: intentId,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: newClientSecret(intentId),
    created: tx.now,
    customer: null,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    mandate: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: 'off_session',
    ...fields,
  };
  tx.put('setup_intents', intent);
  tx.emit('setup_intent.created', intent);
  return intent;
}

export async function confirmSetupIntent(tx: Transaction, request: ApiRequest): Promise<Stripe.SetupIntent> {
  const params = parseParams(z.strictObject({ client_secret: ignored, ...confirmation }), request.params);
  const intent = await tx.need('setup_intents', request.ids[0] as string, 'intent');
  return confirmSetup(tx, intent, params.payment_method, params.return_url);
}

export async function retrieveSetupIntent(tx: Transaction, request: ApiRequest): Promise<Stripe.SetupIntent> {
  parseParams(z.strictObject({ client_secret: ignored }), request.params);
  return tx.need('setup_intents', request.ids[0] as string, 'intent');
}

export async function cancelSetupIntent(tx: Transaction, request: ApiRequest): Promise<Stripe.SetupIntent> {
  parseParams(z.strictObject({ cancellation_reason: ignored }), request.params);
  const intent = await tx.need('setup_intents', request.ids[0] as string, 'intent');
  if (['succeeded', 'canceled'].includes(intent.status)) {
    throw unexpectedState(`You cannot cancel this SetupIntent because it has a status of ${intent.status}.`, intent);
  }
  const canceled = tx.update('setup_intents', intent, { status: 'canceled', next_action: null });
  tx.emit('setup_intent.canceled', canceled);
  return canceled;
}

export async function listSetupIntents(tx: Transaction, request: ApiRequest): Promise<object> {
  const params = parseParams(z.strictObject({ ...listParams, customer: id.optional() }), request.params);
  return listObjects(tx, 'setup_intents', request.path, params, {
    where: { field: 'customer', equals: params.customer },
  });
}
