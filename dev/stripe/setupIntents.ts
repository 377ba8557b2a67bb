// SetupIntents: save a payment method for later, with the owner's confirmation where the card wants it.
import type Stripe from 'stripe';
import { z } from 'zod';
import { needsAuthentication, type Card } from './cardBehavior';
import { attachDecline } from './declines';
import { invalidRequest, StripeError, type ErrorBody } from './errors';
import { newClientSecret, newId } from './ids';
import { listObjects, listParams } from './lists';
import { boolean, id, ignored, mergeMetadata, metadata, parseParams, text } from './params';
import { attach, resolvePaymentMethod } from './paymentMethods';
import type { ApiRequest } from './router';
import type { Transaction } from './transaction';

const confirmation = { payment_method: id.optional(), return_url: z.url().optional(), mandate_data: ignored, use_stripe_sdk: ignored };

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

export function createSetupIntent(tx: Transaction, request: ApiRequest): Stripe.SetupIntent {
  const params = parseParams(createParams, request.params);
  if (params.customer !== undefined) tx.need('customers', params.customer, 'customer');
  const method = params.payment_method === undefined ? null : resolvePaymentMethod(tx, params.payment_method).method;
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
  return params.confirm === true ? confirm(tx, intent, method?.id, params.return_url) : intent;
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

export function confirmSetupIntent(tx: Transaction, request: ApiRequest): Stripe.SetupIntent {
  const params = parseParams(z.strictObject({ client_secret: ignored, ...confirmation }), request.params);
  const intent = tx.need('setup_intents', request.ids[0] as string, 'intent');
  return confirm(tx, intent, params.payment_method, params.return_url);
}

function confirm(tx: Transaction, intent: Stripe.SetupIntent, methodId: string | undefined, returnUrl: string | undefined): Stripe.SetupIntent {
  if (['succeeded', 'canceled', 'processing'].includes(intent.status)) {
    throw unexpectedState(`You cannot confirm this SetupIntent because it has a status of ${intent.status}.`, intent);
  }
  const wanted = methodId ?? (intent.payment_method as string | null);
  if (wanted === null) throw unexpectedState("You cannot confirm this SetupIntent because it's missing a payment method.", intent);
  const { method, card } = resolvePaymentMethod(tx, wanted);
  const confirmed = tx.update('setup_intents', intent, { payment_method: method.id });
  if (needsAuthentication(card, false)) return askOwnerOfSetup(tx, confirmed, returnUrl);
  const outcome = completeSetup(tx, confirmed, method, card);
  if (outcome.error !== null) throw new StripeError(402, outcome.error);
  return outcome.intent;
}

export function setupConfirmationUrl(tx: Transaction, intent: Stripe.SetupIntent): string {
  return `${tx.baseUrl}/confirm/${intent.id}?client_secret=${intent.client_secret ?? ''}`;
}

export function askOwnerOfSetup(tx: Transaction, intent: Stripe.SetupIntent, returnUrl: string | undefined): Stripe.SetupIntent {
  const url = setupConfirmationUrl(tx, intent);
  const asked = tx.update('setup_intents', intent, {
    status: 'requires_action',
    next_action:
      returnUrl === undefined
        ? { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url } }
        : { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url } },
  });
  tx.emit('setup_intent.requires_action', asked);
  return asked;
}

type Outcome = { intent: Stripe.SetupIntent; error: ErrorBody | null };

/** Saves the method, once nothing more is asked of the owner. A card that cannot be attached fails the setup. */
export function completeSetup(tx: Transaction, intent: Stripe.SetupIntent, method: Stripe.PaymentMethod, card: Card): Outcome {
  if (card.behavior.attachDecline !== null) return fail(tx, intent, method, attachDecline(card.behavior.attachDecline));
  if (intent.customer !== null) attach(tx, method, card, intent.customer as string);
  tx.update('cards', card, { setUp: intent.usage === 'off_session' });
  const done = tx.update('setup_intents', intent, { status: 'succeeded', payment_method: method.id, next_action: null, last_setup_error: null });
  tx.emit('setup_intent.succeeded', done);
  return { intent: done, error: null };
}

/** The owner's answer on the confirmation page. */
export function confirmSetupByOwner(tx: Transaction, intent: Stripe.SetupIntent, approved: boolean): Outcome {
  if (intent.status !== 'requires_action') throw unexpectedState(`This SetupIntent does not wait for its owner: it has a status of ${intent.status}.`, intent);
  const { method, card } = resolvePaymentMethod(tx, intent.payment_method as string);
  if (approved) return completeSetup(tx, intent, method, card);
  return fail(tx, intent, method, {
    type: 'invalid_request_error',
    code: 'setup_intent_authentication_failure',
    message: 'The latest attempt to set up the payment method has failed because authentication failed.',
  });
}

function fail(tx: Transaction, intent: Stripe.SetupIntent, method: Stripe.PaymentMethod, error: ErrorBody): Outcome {
  const failed = tx.update('setup_intents', intent, {
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    last_setup_error: { ...error, payment_method: method } as Stripe.SetupIntent.LastSetupError,
  });
  tx.emit('setup_intent.setup_failed', failed);
  return { intent: failed, error: { ...error, payment_method: method, setup_intent: failed } };
}

function unexpectedState(message: string, intent: Stripe.SetupIntent): StripeError {
  return invalidRequest(message, { code: 'setup_intent_unexpected_state', setup_intent: intent });
}

export function retrieveSetupIntent(tx: Transaction, request: ApiRequest): Stripe.SetupIntent {
  parseParams(z.strictObject({ client_secret: ignored }), request.params);
  return tx.need('setup_intents', request.ids[0] as string, 'intent');
}

export function cancelSetupIntent(tx: Transaction, request: ApiRequest): Stripe.SetupIntent {
  parseParams(z.strictObject({ cancellation_reason: ignored }), request.params);
  const intent = tx.need('setup_intents', request.ids[0] as string, 'intent');
  if (['succeeded', 'canceled'].includes(intent.status)) {
    throw unexpectedState(`You cannot cancel this SetupIntent because it has a status of ${intent.status}.`, intent);
  }
  const canceled = tx.update('setup_intents', intent, { status: 'canceled', next_action: null });
  tx.emit('setup_intent.canceled', canceled);
  return canceled;
}

export function listSetupIntents(tx: Transaction, request: ApiRequest): object {
  const params = parseParams(z.strictObject({ ...listParams, customer: id.optional() }), request.params);
  return listObjects(tx, 'setup_intents', request.path, params, { where: { field: 'customer', equals: params.customer } });
}
