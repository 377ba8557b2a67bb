/** A prepayment's page at Checkout: the one that exists, or one that is made now (P2). */
import { setTimeout as sleep } from 'node:timers/promises';
import { countCheckoutLook } from '../ledger/payments/countCheckoutLook';
import type { Payment } from '../ledger/payments/payment';
import { storeCheckoutSession } from '../ledger/payments/storeCheckoutSession';
import { CustomerMissing } from '../stripe/customerMissing';
import type { SyncDeps } from './deps';
import { requirePayment } from './requirePayment';

/** How long a call waits for another one that makes the same page. */
const WAIT_MS_MAX = 20_000;
const LOOK_MS = 100;

/** Where Stripe leads the customer afterwards, and who pays. */
export type CheckoutWish = { successUrl: string; cancelUrl: string; customerId: string };

/**
 * The page's address; null when Stripe gives no answer: the same call again makes it. A call that was cut short after
 * its row leaves a payment without a page; a repeat makes it. Only a stored page is ever told, so there is one to pay at.
 */
export async function openCheckout(
  { pool, provider, log }: SyncDeps,
  { id: paymentId, accountId, cents }: Payment,
  wish: CheckoutWish,
): Promise<string | null> {
  for (const deadlineMs = Date.now() + WAIT_MS_MAX; Date.now() <= deadlineMs; await sleep(LOOK_MS)) {
    const { checkoutSessionId, actionUrl, checkoutLooks } = await requirePayment(pool, { accountId, paymentId });
    if (checkoutSessionId !== null) return actionUrl!;
    const made = await provider.createCheckoutPage({ paymentId, accountId, cents, ...wish }, checkoutLooks);
    if (made.kind === 'created') return (await storeCheckoutSession(pool, paymentId, made)).url;
    if (made.kind === 'customer_missing') {
      // Stripe keeps the answer under its key: the next page is asked for under another.
      await countCheckoutLook(pool, paymentId, checkoutLooks);
      throw new CustomerMissing(wish.customerId);
    }
    if (made.kind === 'unknown') {
      const about = { account: accountId, payment: paymentId, because: made.because };
      log[made.operator ? 'error' : 'warn'](about, 'a Checkout page could not be made');
      await countCheckoutLook(pool, paymentId, checkoutLooks);
      return null;
    }
  }
  return null;
}
