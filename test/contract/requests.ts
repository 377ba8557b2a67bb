/** Every call that stripe/ makes to Stripe, made once each; and which of the SDK's methods that are. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Stripe from 'stripe';
import type { PaymentClaim } from '../../domain/payment';
import { createCheckoutPage } from '../../stripe/checkout';
import { cancelIntent, confirmIntent, createIntent } from '../../stripe/intents';
import { listNews, listOurIntents } from '../../stripe/listing';
import { attachPaymentMethod, createCustomer, createSetupPage, detachPaymentMethod } from '../../stripe/paymentMethods';
import { root } from '../support/paths';
import { testClaims, testProvider } from '../support/provider';
import { reachStripe } from '../../stripe/reach';
import { createRefund } from '../../stripe/refunds';

const paymentId = '6a0f3b0e-6a3c-4a57-9d2f-1d3a5a0f0001';
const pages = { successUrl: 'https://console.example/paid', cancelUrl: 'https://console.example/back' };

const claimFor = (purpose: 'prepayment' | 'reload', customerId: string): PaymentClaim => ({
  paymentId,
  accountId: 'acme',
  purpose,
  cents: 2_500,
  customerId,
  idempotencyKey: purpose === 'prepayment' ? 'a key' : null,
  requestHash: purpose === 'prepayment' ? '0'.repeat(64) : null,
  reloadNumber: purpose === 'reload' ? 7 : null,
});

type Ids = { customerId: string; paymentIntentId: string; methodId: string; sessionId: string };
const returnUrl = 'https://ballast.example/confirm/token';
const confirmation = (ids: Ids) => ({ ...ids, returnUrl, knownChargeId: null });

/** By the SDK's method: the calls that use it, in all their variants. */
export const REQUESTS: Record<string, (stripe: Stripe, ids: Ids) => Promise<unknown>[]> = {
  'customers.create': (stripe) => [createCustomer(stripe, 'acme')],
  'customers.list': (stripe) => [reachStripe(stripe, 5_000)],
  'customers.retrieve': (stripe, { customerId }) => [testProvider(stripe).isCustomerDeleted(customerId)],
  'customers.del': (stripe, { customerId }) => [testProvider(stripe).deleteCustomer(customerId)],
  'checkout.sessions.create': (stripe, { customerId }) => [
    createSetupPage(stripe, customerId, pages.successUrl),
    createCheckoutPage(stripe, testClaims, { ...claimFor('prepayment', customerId), ...pages }, 0),
  ],
  'checkout.sessions.retrieve': (stripe, { sessionId }) => [testProvider(stripe).seeCheckout(sessionId)],
  'paymentMethods.attach': (stripe, { customerId, methodId }) => [attachPaymentMethod(stripe, customerId, methodId)],
  'paymentMethods.retrieve': (stripe, { methodId }) => [testProvider(stripe).seeMethod(methodId)],
  'paymentMethods.detach': (stripe, { methodId }) => [detachPaymentMethod(stripe, methodId)],
  'paymentIntents.create': (stripe, { customerId }) =>
    (['prepayment', 'reload'] as const).map((purpose) =>
      createIntent(stripe, testClaims, claimFor(purpose, customerId), 0),
    ),
  'paymentIntents.confirm': (stripe, ids) => [
    confirmIntent(stripe, { ...confirmation(ids), onSession: true }, null),
    confirmIntent(stripe, { ...confirmation(ids), onSession: false }, 'key'),
  ],
  'paymentIntents.retrieve': (stripe, { paymentIntentId }) => [testProvider(stripe).seeIntent(paymentIntentId, null)],
  'paymentIntents.cancel': (stripe, { paymentIntentId }) => [cancelIntent(stripe, paymentIntentId)],
  'paymentIntents.list': (stripe, { customerId }) => [
    listOurIntents(stripe, null),
    listOurIntents(stripe, 'pi_123'),
    testProvider(stripe).listIntents(customerId, null),
    testProvider(stripe).listIntents(customerId, 'pi_123'),
  ],
  'paymentIntents.search': (stripe) => [testProvider(stripe).searchIntents('acme', null)],
  'events.list': (stripe) => [
    listNews(stripe, 1_790_000_000_000, null),
    listNews(stripe, 1_790_000_000_000, 'evt_123'),
  ],
  'refunds.create': (stripe, { paymentIntentId }) => [
    createRefund(stripe, { requestId: paymentId, tries: 0, paymentIntentId, cents: 500 }),
  ],
  'refunds.list': (stripe, { paymentIntentId }) => [testProvider(stripe).seeTakenBack(paymentIntentId)],
  'disputes.list': (stripe, { paymentIntentId }) => [testProvider(stripe).seeTakenBack(paymentIntentId)],
};

/** Methods of the SDK that stripe/ calls, by its source. Webhook signatures are checked here: nothing is sent. */
export function methodsInUse(): string[] {
  const folder = join(root, 'stripe');
  const sources = readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  const calls = sources.flatMap((source) =>
    [...source.matchAll(/\bstripe\.((?:\w+\.)+\w+)\(/g)].map(([, method]) => method!),
  );
  return [...new Set(calls)].filter((method) => !method.startsWith('webhooks.')).sort();
}
