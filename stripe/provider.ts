/** Stripe behind the port: the one place where the SDK's client is given to what uses it (P1). */
import type Stripe from 'stripe';
import type { DisputeState, SeenCheckout, SeenDispute, SeenRefund } from '../domain/payment';
import type { Claims } from './claims';
import { createCheckoutPage } from './checkout';
import { cancelIntent, confirmIntent, createIntent, seeIntent } from './intents';
import { listIntents, listNews, listOurIntents, searchIntents } from './listing';
import { found, idOf, LOOK, PAYMENT_CLAIM, REFUND_CLAIM } from './looking';
import { readEvent } from './news';
import {
  attachPaymentMethod,
  createCustomer,
  createSetupPage,
  deleteCustomer,
  detachPaymentMethod,
  isCustomerDeleted,
} from './paymentMethods';
import type { PaymentProvider } from './port';
import { reachStripe } from './reach';
import { toSavedCard } from './savedCard';
import { createRefund } from './refunds';

/** More than any payment has; the SDK wants a bound. */
const PER_PAYMENT_MAX = 10_000;

/** @param claims signs what PaymentIntents say of our payments */
export function createProvider(stripe: Stripe, claims: Claims): PaymentProvider {
  return {
    seeIntent: (...of) => seeIntent(stripe, claims, ...of),
    async seeTakenBack(paymentIntentId) {
      const of = { payment_intent: paymentIntentId, limit: 100 };
      // Of a payment that Stripe does not know (any more) nothing was taken back.
      const [refunds, disputes] = await Promise.all([
        found(stripe.refunds.list(of, LOOK).autoPagingToArray({ limit: PER_PAYMENT_MAX })),
        found(stripe.disputes.list(of, LOOK).autoPagingToArray({ limit: PER_PAYMENT_MAX })),
      ]);
      return { refunds: (refunds ?? []).map(toSeenRefund), disputes: (disputes ?? []).map(toSeenDispute) };
    },
    async seeCheckout(sessionId) {
      const session = await found(stripe.checkout.sessions.retrieve(sessionId, { expand: ['setup_intent'] }, LOOK));
      return session && toSeenCheckout(session);
    },
    async seeMethod(methodId) {
      const method = await found(stripe.paymentMethods.retrieve(methodId, {}, LOOK));
      return method && { card: toSavedCard(method), customerId: idOf(method.customer) };
    },
    isCustomerDeleted: (customerId) => isCustomerDeleted(stripe, customerId),
    listNews: (...of) => listNews(stripe, ...of),
    listOurIntents: (after) => listOurIntents(stripe, after),
    listIntents: (...of) => listIntents(stripe, claims, ...of),
    searchIntents: (...of) => searchIntents(stripe, claims, ...of),
    reach: (timeoutMs) => reachStripe(stripe, timeoutMs),
    readEvent: (...signed) => readEvent(stripe, ...signed),

    createIntent: (...wish) => createIntent(stripe, claims, ...wish),
    confirmIntent: (...wish) => confirmIntent(stripe, ...wish),
    cancelIntent: (paymentIntentId) => cancelIntent(stripe, paymentIntentId),
    createCheckoutPage: (...wish) => createCheckoutPage(stripe, claims, ...wish),
    createRefund: (wish) => createRefund(stripe, wish),

    createCustomer: (...of) => createCustomer(stripe, ...of),
    deleteCustomer: (customerId) => deleteCustomer(stripe, customerId),
    createSetupPage: (...wish) => createSetupPage(stripe, ...wish),
    attachPaymentMethod: (...wish) => attachPaymentMethod(stripe, ...wish),
    detachPaymentMethod: (methodId) => detachPaymentMethod(stripe, methodId),
  };
}

/** One that is pending has left our balance at Stripe already; a failed or canceled one is back. */
const toSeenRefund = (refund: Stripe.Refund): SeenRefund => ({
  id: refund.id,
  cents: refund.amount,
  failed: refund.status === 'failed' || refund.status === 'canceled',
  requestId: refund.metadata?.[REFUND_CLAIM] ?? null,
});

function toSeenDispute(dispute: Stripe.Dispute): SeenDispute {
  const moved = dispute.balance_transactions;
  const withdrawn = -moved.reduce((sum, { amount }) => sum + amount, 0);
  // Moved in the currency we are paid out in: in another one than the payment's only the dispute's own amount compares.
  const comparable = moved.every(({ currency }) => currency === dispute.currency);
  const withdrawnCents = comparable ? Math.max(0, withdrawn) : withdrawn > 0 ? dispute.amount : 0;
  return { id: dispute.id, state: stateOf(dispute.status, withdrawnCents), cents: dispute.amount, withdrawnCents };
}

function stateOf(status: Stripe.Dispute.Status, withdrawnCents: number): DisputeState {
  switch (status) {
    case 'won':
      return 'won';
    case 'lost':
      return 'lost';
    // Ended before any money was taken.
    case 'prevented':
    case 'warning_closed':
      return 'won';
    case 'warning_needs_response':
    case 'warning_under_review':
      return 'inquiry';
    case 'needs_response':
    case 'under_review':
    case 'appeal_needs_response':
    case 'appeal_under_review':
      return 'open';
    default:
      return withdrawnCents > 0 ? 'open' : 'inquiry';
  }
}

/** @param session with `setup_intent` expanded */
function toSeenCheckout(session: Stripe.Checkout.Session): SeenCheckout {
  const setup = typeof session.setup_intent === 'object' ? session.setup_intent : null;
  return {
    mode: session.mode === 'payment' ? 'payment' : session.mode === 'setup' ? 'setup' : 'other',
    status: session.status === 'complete' ? 'complete' : session.status === 'expired' ? 'expired' : 'open',
    unpaid: session.status === 'complete' && session.payment_status === 'unpaid',
    claims: session.metadata?.[PAYMENT_CLAIM] ?? null,
    paymentIntentId: idOf(session.payment_intent),
    paymentMethodId: setup?.status === 'succeeded' ? idOf(setup.payment_method) : null,
  };
}
