/** Looks at Stripe what has become of an open payment; what is paid is credited, and the account is let in at once (P2, P3, S5). */
import { transaction } from '../../ledger/db';
import { foldCheckout } from '../../ledger/payments/foldCheckout';
import { foldIntent, type FoldedNews } from '../../ledger/payments/foldIntent';
import { readPaymentById, type Payment } from '../../ledger/payments/payments';
import { readConfirmation } from '../../ledger/payments/readConfirmation';
import { recordDecline, recordOwnersDecline } from '../../ledger/reloads/recordAttempt';
import { cancelIntent, readIntent } from '../../stripe/intents';
import { NOT_CONFIRMED, type Declined, type Outcome } from '../../stripe/outcome';
import { createProvider } from '../../stripe/provider';
import { isProviderOutage } from '../../stripe/reach';
import { paymentSettledSignal } from '../../workflows/messages';
import type { Services } from '../services';

/** `outcome`: what Stripe says; null when it was not asked, or gave no answer. */
export type Look = { payment: Payment; outcome: Outcome | null };

export const isOpen = ({ status }: Payment): boolean => status === 'processing' || status === 'requires_action';

/** Whether the news may not come by itself: the owner was sent to a page of somebody else's. */
export const isAway = (payment: Payment): boolean =>
  isOpen(payment) && (payment.status === 'requires_action' || payment.checkoutSessionId !== null);

/** The payment as it is by now. Without an answer from Stripe: as it was. */
export async function followPayment(payment: Payment, services: Services): Promise<Look> {
  if (!isOpen(payment)) return { payment, outcome: null };
  const { checkoutSessionId, paymentIntentId } = payment;
  try {
    if (checkoutSessionId !== null) {
      await told(await foldCheckout(depsOf(services), checkoutSessionId, Date.now()), services);
      return { payment: await again(payment, services), outcome: null };
    }
    if (paymentIntentId === null) return { payment, outcome: null };
    const outcome = await readIntent(services.stripe, paymentIntentId, payment.latestChargeId);
    return { payment: await follow(payment, paymentIntentId, outcome, services), outcome };
  } catch (error) {
    if (!isProviderOutage(error)) throw error;
    return { payment, outcome: null };
  }
}

/** Records what Stripe has just said of the payment. */
export async function follow(
  payment: Payment,
  paymentIntentId: string,
  outcome: Outcome,
  services: Services,
): Promise<Payment> {
  switch (outcome.kind) {
    case 'paid':
    case 'canceled':
      await told(await foldIntent(depsOf(services), paymentIntentId, Date.now()), services);
      break;
    case 'unpaid':
      if (isRefusable(payment)) await fail(payment, paymentIntentId, NOT_CONFIRMED, services);
      break;
    case 'declined':
      if (isRefusable(payment)) await fail(payment, paymentIntentId, outcome, services);
      else if (payment.purpose === 'reload') await noteOwnersDecline(payment, outcome, services);
      break;
    case 'requires_action':
    case 'unknown':
      break;
  }
  return again(payment, services);
}

/** A prepayment waited for nothing but its owner: when that is over and it is not paid, it never will be. */
const isRefusable = ({ purpose, status, paymentMethodId }: Payment): boolean =>
  purpose === 'prepayment' && status === 'requires_action' && paymentMethodId !== null;

/** Canceled at Stripe, so that nothing pays it later. Stopped halfway, the next look goes on. */
async function fail(payment: Payment, paymentIntentId: string, declined: Declined, services: Services): Promise<void> {
  const attempt = {
    accountId: payment.accountId,
    paymentId: payment.id,
    attempt: 1,
    methodId: payment.paymentMethodId!,
    role: null,
    nowMs: Date.now(),
  };
  await transaction(services.pool, (tx) => recordDecline(tx, attempt, { ...declined, confirmationUrl: null }));
  await cancelIntent(services.stripe, paymentIntentId);
  await told(await foldIntent(depsOf(services), paymentIntentId, Date.now()), services);
}

/** What became of an owner's own confirmation of a reload; it stays up to its owner. */
async function noteOwnersDecline(
  { id: paymentId, accountId }: Payment,
  declined: Declined,
  { pool }: Services,
): Promise<void> {
  const { methodId } = await readConfirmation(pool, paymentId);
  if (methodId !== null)
    await transaction(pool, (tx) => recordOwnersDecline(tx, { accountId, paymentId, methodId }, declined));
}

const depsOf = ({ pool, policy, stripe }: Services) => ({ pool, policy, provider: createProvider(stripe) });
const again = async ({ id }: Payment, { pool }: Services): Promise<Payment> => (await readPaymentById(pool, id))!;

/** Whoever has paid is let in before the answer is given (S5); the workflow hears of it. */
async function told({ accountId, alarm }: FoldedNews, { gates, signals, log }: Services): Promise<void> {
  if (alarm !== undefined)
    log.error({ account: accountId, because: alarm }, 'a payment was set aside: an operator must look at it');
  if (accountId === null) return;
  await gates.look(accountId);
  signals.tell(accountId, paymentSettledSignal);
}
