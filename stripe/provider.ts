/** Stripe as the provider of facts: what has become of payments, refunds, disputes, sessions and methods by now (P4–P6). */
import Stripe from 'stripe';
import type {
  DisputeState,
  PaymentProvider,
  SeenCheckout,
  SeenDispute,
  SeenIntent,
  SeenRefund,
} from '../domain/payment';
import { idOf, outcomeOfIntent } from './outcome';
import { toSavedCard } from './savedCard';

/** A lock may be held meanwhile, so no answer is waited for longer. */
const LOOK: Stripe.RequestOptions = { timeout: 5_000 };
/** More than any payment has; the SDK wants a bound. */
const PER_PAYMENT_MAX = 10_000;

/** Metadata of ours at Stripe: by them a PaymentIntent says which payment it is for, and a refund which request made it. */
export const PAYMENT_CLAIM = 'ballast_payment';
export const REFUND_CLAIM = 'ballast_refund';

export function createProvider(stripe: Stripe): PaymentProvider {
  return {
    async seeIntent(paymentIntentId) {
      const intent = await found(stripe.paymentIntents.retrieve(paymentIntentId, { expand: ['latest_charge'] }, LOOK));
      return intent ? toSeenIntent(intent) : { state: 'missing', claims: null };
    },
    async seeTakenBack(paymentIntentId) {
      const of = { payment_intent: paymentIntentId, limit: 100 };
      const [refunds, disputes] = await Promise.all([
        stripe.refunds.list(of, LOOK).autoPagingToArray({ limit: PER_PAYMENT_MAX }),
        stripe.disputes.list(of, LOOK).autoPagingToArray({ limit: PER_PAYMENT_MAX }),
      ]);
      return { refunds: refunds.map(toSeenRefund), disputes: disputes.map(toSeenDispute) };
    },
    async seeCheckout(sessionId) {
      const session = await found(stripe.checkout.sessions.retrieve(sessionId, { expand: ['setup_intent'] }, LOOK));
      return session && toSeenCheckout(session);
    },
    async seeMethod(methodId) {
      const method = await found(stripe.paymentMethods.retrieve(methodId, {}, LOOK));
      return method && { card: toSavedCard(method), customerId: idOf(method.customer) };
    },
  };
}

/** Null for what Stripe does not know. */
async function found<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing') return null;
    throw error;
  }
}

/** @param intent with `latest_charge` expanded */
export function toSeenIntent(intent: Stripe.PaymentIntent): SeenIntent {
  const claims = intent.metadata[PAYMENT_CLAIM] ?? null;
  const outcome = outcomeOfIntent(intent, null);
  if (outcome.kind === 'paid') return { state: 'paid', claims, paid: outcome.paid };
  if (outcome.kind === 'canceled') return { state: 'canceled', claims };
  return { state: intent.status === 'processing' ? 'processing' : 'open', claims };
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
