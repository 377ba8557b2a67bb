/** Looks at Stripe what has become of an open payment, for an owner who asks (P2, P3). */
import type { PaymentAnswer, SeenIntent } from '../domain/payment';
import { isOpen } from '../domain/paymentStates';
import type { Payment } from '../ledger/payments/payment';
import { readPaymentById } from '../ledger/payments/readPaymentById';
import { isProviderOutage } from '../stripe/reach';
import { applyCheckout } from './applyCheckout';
import type { SyncDeps } from './deps';
import { newsOf, nothingOfOurs, type AppliedNews } from './news';
import { syncSeen } from './syncIntent';

/** The payment as it is by now. `answer`: what Stripe says; null when it was not asked, or gave no answer. */
export type Look = { payment: Payment; answer: PaymentAnswer | null; news: AppliedNews };

/** Without an answer from Stripe the payment is as it was. */
export async function syncPayment(deps: SyncDeps, payment: Payment, nowMs: number): Promise<Look> {
  const asItWas: Look = { payment, answer: null, news: nothingOfOurs('not asked') };
  const { id, checkoutSessionId, paymentIntentId, latestChargeId } = payment;
  if (!isOpen(payment)) return asItWas;
  try {
    if (checkoutSessionId !== null) {
      const news = await applyCheckout(deps, checkoutSessionId, nowMs);
      return { payment: (await readPaymentById(deps.pool, id))!, answer: null, news };
    }
    if (paymentIntentId === null) return asItWas;
    const seen = await deps.provider.seeIntent(paymentIntentId, latestChargeId);
    return await applyLooked(deps, id, seen, nowMs);
  } catch (error) {
    if (!isProviderOutage(error)) throw error;
    return asItWas;
  }
}

/** What was seen is applied, and the payment read again. */
export async function applyLooked(deps: SyncDeps, paymentId: string, seen: SeenIntent, nowMs: number): Promise<Look> {
  const synced = await syncSeen(deps, seen, nowMs);
  return { payment: (await readPaymentById(deps.pool, paymentId))!, answer: seen.answer, news: newsOf(synced) };
}

/** Whether the news may not come by itself: the owner was sent to a page of somebody else's. */
export const isAway = (payment: Payment): boolean =>
  isOpen(payment) && (payment.status === 'requires_action' || payment.checkoutSessionId !== null);
