// Checkout Sessions as API resources: create, retrieve, update, expire, list.
import type Stripe from 'stripe';
import { z } from 'zod';
import { createSessionParams, type CreateSessionParams } from './checkoutParams';
import { invalidParameter, invalidRequest } from './errors';
import { listObjects, listParams } from './lists';
import { blankSession, newLineItems } from './newCheckoutSession';
import { id, mergeMetadata, metadata, parseParams } from './params';
import type { ApiRequest } from './apiRequest';
import { newSetupIntent } from './setupIntents';
import type { Transaction } from './transaction';

const PAYMENT_CENTS_MIN = 50;

export async function createCheckoutSession(tx: Transaction, request: ApiRequest): Promise<Stripe.Checkout.Session> {
  const params = parseParams(createSessionParams, request.params);
  if (params.customer !== undefined) await tx.need('customers', params.customer, 'customer');
  const lineItems = params.mode === 'payment' ? newLineItems(params.line_items) : [];
  const total = lineItems.reduce((sum, item) => sum + item.amount_total, 0);
  if (params.mode === 'payment' && total < PAYMENT_CENTS_MIN) {
    throw invalidParameter(
      "The Checkout Session's total amount due must add up to at least $0.50 usd",
      undefined,
      'amount_too_small',
    );
  }
  const session = blankSession(tx, params, total);
  if (params.mode === 'setup') session.setup_intent = setupIntentFor(tx, params).id;
  tx.put('checkout_details', {
    id: session.id,
    lineItems,
    payment: (params.mode === 'payment' && params.payment_intent_data) || {},
  });
  return tx.put('checkout_sessions', session);
}

function setupIntentFor(tx: Transaction, params: Extract<CreateSessionParams, { mode: 'setup' }>): Stripe.SetupIntent {
  return newSetupIntent(tx, {
    customer: params.customer ?? null,
    description: params.setup_intent_data?.description ?? null,
    metadata: mergeMetadata({}, params.setup_intent_data?.metadata),
  });
}

/** The session as it is by now: nothing watches the clock, so whoever looks first finds it expired. */
export async function currentSession(tx: Transaction, sessionId: string): Promise<Stripe.Checkout.Session> {
  const session = await tx.need('checkout_sessions', sessionId);
  return session.status === 'open' && session.expires_at <= tx.now ? expire(tx, session) : session;
}

export async function retrieveCheckoutSession(tx: Transaction, request: ApiRequest): Promise<Stripe.Checkout.Session> {
  parseParams(z.strictObject({}), request.params);
  return currentSession(tx, request.ids[0] as string);
}

export async function updateCheckoutSession(tx: Transaction, request: ApiRequest): Promise<Stripe.Checkout.Session> {
  const params = parseParams(z.strictObject({ metadata }), request.params);
  const session = await currentSession(tx, request.ids[0] as string);
  return tx.update('checkout_sessions', session, { metadata: mergeMetadata(session.metadata ?? {}, params.metadata) });
}

export async function expireCheckoutSession(tx: Transaction, request: ApiRequest): Promise<Stripe.Checkout.Session> {
  parseParams(z.strictObject({}), request.params);
  const session = await currentSession(tx, request.ids[0] as string);
  if (session.status === 'open') return expire(tx, session);
  throw invalidRequest(
    `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${String(session.status)}.`,
  );
}

/** An attempt that was declined leaves a PaymentIntent, which nobody can pay any more. */
async function expire(tx: Transaction, session: Stripe.Checkout.Session): Promise<Stripe.Checkout.Session> {
  const intent = await tx.get('payment_intents', (session.payment_intent as string | null) ?? '');
  if (intent !== undefined && intent.status.startsWith('requires_')) {
    tx.emit(
      'payment_intent.canceled',
      tx.update('payment_intents', intent, { status: 'canceled', canceled_at: tx.now, next_action: null }),
    );
  }
  const expired = tx.update('checkout_sessions', session, { status: 'expired', url: null });
  tx.emit('checkout.session.expired', expired);
  return expired;
}

export async function listLineItems(tx: Transaction, request: ApiRequest): Promise<object> {
  parseParams(z.strictObject({ limit: listParams.limit }), request.params);
  const data = (await tx.need('checkout_details', request.ids[0] as string)).lineItems;
  return { object: 'list', url: request.path, has_more: false, data };
}

const listSessionsParams = z.strictObject({
  ...listParams,
  customer: id.optional(),
  payment_intent: id.optional(),
  status: z.enum(['open', 'complete', 'expired']).optional(),
});

export async function listCheckoutSessions(tx: Transaction, request: ApiRequest): Promise<object> {
  const params = parseParams(listSessionsParams, request.params);
  return listObjects(tx, 'checkout_sessions', request.path, params, {
    where:
      params.payment_intent !== undefined
        ? { field: 'payment_intent', equals: params.payment_intent }
        : { field: 'customer', equals: params.customer },
    keep: (session) => params.status === undefined || session.status === params.status,
  });
}
