/** A prepayment's page at Checkout: the one that exists, or one that is made now (P2). */
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../domain/errors';
import { isOpen } from '../domain/paymentStates';
import { countCheckoutLook } from '../ledger/payments/countCheckoutLook';
import type { Payment } from '../ledger/payments/payment';
import { storeCheckoutSession } from '../ledger/payments/storeCheckoutSession';
import { CustomerMissing } from '../stripe/customerMissing';
import { isProviderOutage } from '../stripe/reach';
import { claimOf } from './claimOf';
import type { SyncDeps } from './deps';
import { recoverLost } from './recoverLost';
import { requirePayment } from './requirePayment';

/** How long a call waits for another one that makes the same page. */
const WAIT_MS_MAX = 20_000;
const LOOK_MS = 100;

/** Where Stripe leads the customer afterwards, and who pays. */
export type CheckoutWish = { successUrl: string; cancelUrl: string; customerId: string };

/**
 * The page's address; null when Stripe gives no answer: the same call again makes it. A call that was cut short after
 * its row leaves a payment without a page; a repeat makes it, until the payment ends after a day. Only a stored page is
 * ever told, so there is one to pay at.
 */
export async function openCheckout(
  deps: SyncDeps,
  { id: paymentId, accountId }: Payment,
  wish: CheckoutWish,
): Promise<string | null> {
  const { pool, provider, log } = deps;
  if (!(await recovered(deps, await requirePayment(pool, { accountId, paymentId }), wish.customerId))) return null;
  for (const deadlineMs = performance.now() + WAIT_MS_MAX; performance.now() <= deadlineMs; await sleep(LOOK_MS)) {
    const payment = await requirePayment(pool, { accountId, paymentId });
    if (payment.checkoutSessionId !== null) return payment.actionUrl!;
    // It was paid on a page that this database has lost: the customer goes where that page would have led.
    if (payment.paymentIntentId !== null) return wish.successUrl;
    if (!isOpen(payment)) throw ended(paymentId);
    const made = await provider.createCheckoutPage(
      { ...claimOf(payment, wish.customerId), ...pagesOf(wish) },
      payment.checkoutLooks,
    );
    if (made.kind === 'created') {
      const stored = await storeCheckoutSession(pool, paymentId, made);
      if (stored) return stored.url;
      throw ended(paymentId);
    }
    if (made.kind === 'customer_missing') {
      // Stripe keeps the answer under its key: the next page is asked for under another.
      await countCheckoutLook(pool, paymentId, payment.checkoutLooks);
      throw new CustomerMissing(wish.customerId);
    }
    if (made.kind === 'unknown') {
      const about = { account: accountId, payment: paymentId, because: made.because };
      log[made.operator ? 'error' : 'warn'](about, 'a Checkout page could not be made');
      await countCheckoutLook(pool, paymentId, payment.checkoutLooks);
      return null;
    }
  }
  return null;
}

const ended = (id: string): Problem =>
  new Problem('card_declined', 'This prepayment has ended unpaid, without a page; begin another under a new key.', {
    members: { declineCode: 'canceled', id },
  });

const pagesOf = ({ successUrl, cancelUrl }: CheckoutWish) => ({ successUrl, cancelUrl });

/** Before a page is made Stripe is asked what this database may have lost. False without an answer. */
async function recovered(deps: SyncDeps, payment: Payment, customerId: string): Promise<boolean> {
  if (payment.checkoutSessionId !== null || payment.paymentIntentId !== null) return true;
  try {
    await recoverLost(deps, { accountId: payment.accountId, customerId }, deps.clock.now());
    return true;
  } catch (error) {
    if (!isProviderOutage(error)) throw error;
    return false;
  }
}
