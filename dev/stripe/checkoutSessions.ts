// Checkout Sessions as API resources: create, retrieve, update, expire, list.
import type Stripe from 'stripe';
import { z } from 'zod';
import { createSessionParams, type CreateSessionParams, type LineItemParams, type PaymentIntentData } from './checkoutParams';
import { invalidParameter, invalidRequest } from './errors';
import { newId } from './ids';
import { listObjects, listParams } from './lists';
import { id, mergeMetadata, metadata, parseParams } from './params';
import type { ApiRequest } from './router';
import { newSetupIntent } from './setupIntents';
import type { Transaction } from './transaction';

/** The side of a session that Stripe keeps to itself until it is used. */
export type CheckoutDetails = { id: string; lineItems: Stripe.LineItem[]; payment: PaymentIntentData };

const OPEN_SECONDS = 24 * 60 * 60;
const PAYMENT_CENTS_MIN = 50;

export function createCheckoutSession(tx: Transaction, request: ApiRequest): Stripe.Checkout.Session {
  const params = parseParams(createSessionParams, request.params);
  if (params.customer !== undefined) tx.need('customers', params.customer, 'customer');
  const lineItems = params.mode === 'payment' ? newLineItems(params.line_items) : [];
  const total = lineItems.reduce((sum, item) => sum + item.amount_total, 0);
  if (params.mode === 'payment' && total < PAYMENT_CENTS_MIN) {
    throw invalidParameter("The Checkout Session's total amount due must add up to at least $0.50 usd", undefined, 'amount_too_small');
  }
  const session = blankSession(tx, params, total);
  if (params.mode === 'setup') session.setup_intent = setupIntentFor(tx, params).id;
  tx.put('checkout_details', { id: session.id, lineItems, payment: (params.mode === 'payment' && params.payment_intent_data) || {} });
  return tx.put('checkout_sessions', session);
}

function setupIntentFor(tx: Transaction, params: Extract<CreateSessionParams, { mode: 'setup' }>): Stripe.SetupIntent {
  return newSetupIntent(tx, {
    customer: params.customer ?? null,
    description: params.setup_intent_data?.description ?? null,
    metadata: mergeMetadata({}, params.setup_intent_data?.metadata),
  });
}

function newLineItems(items: LineItemParams): Stripe.LineItem[] {
  return items.map(({ price_data: price, quantity }) => ({
    id: newId('li'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: price.unit_amount * quantity,
    amount_tax: 0,
    amount_total: price.unit_amount * quantity,
    currency: price.currency,
    description: price.product_data.name,
    metadata: {},
    price: {
      id: newId('price'),
      object: 'price',
      active: false,
      currency: price.currency,
      product: newId('prod', 14),
      type: 'one_time',
      unit_amount: price.unit_amount,
      unit_amount_decimal: String(price.unit_amount),
    } as unknown as Stripe.Price,
    quantity,
  }));
}

function blankSession(tx: Transaction, params: CreateSessionParams, total: number): Stripe.Checkout.Session {
  const sessionId = newId('cs_test', 58);
  const payment = params.mode === 'payment';
  return {
    id: sessionId,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: payment ? total : null,
    amount_total: payment ? total : null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: tx.now,
    currency: payment ? 'usd' : (params.currency ?? null),
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: params.customer ?? null,
    customer_account: null,
    customer_creation: payment && params.customer === undefined ? 'if_required' : null,
    customer_details: null,
    customer_email: params.customer_email ?? null,
    discounts: [],
    expires_at: params.expires_at ?? tx.now + OPEN_SECONDS,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: null,
    managed_payments: null,
    metadata: mergeMetadata({}, params.metadata),
    mode: params.mode,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: payment ? 'if_required' : 'always',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: payment ? ['card', 'link'] : ['card'],
    payment_status: payment ? 'unpaid' : 'no_payment_required',
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    success_url: params.success_url,
    total_details: payment ? { amount_discount: 0, amount_shipping: 0, amount_tax: 0 } : null,
    ui_mode: 'hosted_page',
    url: `${tx.baseUrl}/checkout/${sessionId}`,
    wallet_options: null,
  };
}

/** The session as it is by now: nothing watches the clock, so whoever looks first finds it expired. */
export function currentSession(tx: Transaction, sessionId: string): Stripe.Checkout.Session {
  const session = tx.need('checkout_sessions', sessionId);
  return session.status === 'open' && session.expires_at <= tx.now ? expire(tx, session) : session;
}

export function retrieveCheckoutSession(tx: Transaction, request: ApiRequest): Stripe.Checkout.Session {
  parseParams(z.strictObject({}), request.params);
  return currentSession(tx, request.ids[0] as string);
}

export function updateCheckoutSession(tx: Transaction, request: ApiRequest): Stripe.Checkout.Session {
  const params = parseParams(z.strictObject({ metadata }), request.params);
  const session = currentSession(tx, request.ids[0] as string);
  return tx.update('checkout_sessions', session, { metadata: mergeMetadata(session.metadata ?? {}, params.metadata) });
}

export function expireCheckoutSession(tx: Transaction, request: ApiRequest): Stripe.Checkout.Session {
  parseParams(z.strictObject({}), request.params);
  const session = currentSession(tx, request.ids[0] as string);
  if (session.status === 'open') return expire(tx, session);
  throw invalidRequest(
    `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${String(session.status)}.`,
  );
}

/** An attempt that was declined leaves a PaymentIntent, which nobody can pay any more. */
function expire(tx: Transaction, session: Stripe.Checkout.Session): Stripe.Checkout.Session {
  const intent = tx.get('payment_intents', (session.payment_intent as string | null) ?? '');
  if (intent !== undefined && intent.status.startsWith('requires_')) {
    tx.emit('payment_intent.canceled', tx.update('payment_intents', intent, { status: 'canceled', canceled_at: tx.now, next_action: null }));
  }
  const expired = tx.update('checkout_sessions', session, { status: 'expired', url: null });
  tx.emit('checkout.session.expired', expired);
  return expired;
}

export function listLineItems(tx: Transaction, request: ApiRequest): object {
  parseParams(z.strictObject({ limit: listParams.limit }), request.params);
  const data = tx.need('checkout_details', request.ids[0] as string).lineItems;
  return { object: 'list', url: request.path, has_more: false, data };
}

const listSessionsParams = z.strictObject({
  ...listParams,
  customer: id.optional(),
  payment_intent: id.optional(),
  status: z.enum(['open', 'complete', 'expired']).optional(),
});

export function listCheckoutSessions(tx: Transaction, request: ApiRequest): object {
  const params = parseParams(listSessionsParams, request.params);
  return listObjects(tx, 'checkout_sessions', request.path, params, {
    where:
      params.payment_intent !== undefined
        ? { field: 'payment_intent', equals: params.payment_intent }
        : { field: 'customer', equals: params.customer },
    keep: (session) => params.status === undefined || session.status === params.status,
  });
}
