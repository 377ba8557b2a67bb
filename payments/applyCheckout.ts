/** Applies what has become of a Checkout Session: a card was saved, a payment was made, or will not be (P1, P2). */
import { DEFAULT_ACCOUNT_LIMITS } from '../domain/accountLimits';
import type { PaymentAnswer, SeenCheckout } from '../domain/payment';
import { findOpenAccountOfCustomer } from '../ledger/accounts/findOpenAccountOfCustomer';
import { recordAudit } from '../ledger/audit/recordAudit';
import { transaction } from '../ledger/db';
import { addPaymentMethod } from '../ledger/methods/addPaymentMethod';
import { isKnownMethod } from '../ledger/methods/isKnownMethod';
import { readPaymentById } from '../ledger/payments/readPaymentById';
import { storeCheckoutIntent } from '../ledger/payments/storeCheckoutIntent';
import { applyAnswer } from './applyAnswer';
import type { SyncDeps } from './deps';
import { newsOf, nothingOfOurs, type AppliedNews } from './news';
import { finish, syncIntent, type Synced } from './syncIntent';

/** Repeated it changes nothing. Throws when Stripe gives no answer. */
export async function applyCheckout(deps: SyncDeps, sessionId: string, nowMs: number): Promise<AppliedNews> {
  const session = await deps.provider.seeCheckout(sessionId);
  if (!session) return nothingOfOurs('foreign');
  if (session.mode === 'setup')
    return session.paymentMethodId === null ? nothingOfOurs('nothing new') : saveMethod(deps, session.paymentMethodId);
  if (session.mode !== 'payment') return nothingOfOurs('foreign');
  if (session.status === 'expired' || session.unpaid) return pageIsOver(deps, sessionId, session, nowMs);
  if (session.paymentIntentId === null) return nothingOfOurs('nothing new');
  await takeFromPage(deps, sessionId, session.claims, session.paymentIntentId);
  return newsOf(await syncIntent(deps, session.paymentIntentId, nowMs));
}

/** The page that we have stored vouches for its PaymentIntent, also one made by an earlier release, which signed nothing. */
async function takeFromPage(
  { pool }: SyncDeps,
  sessionId: string,
  claims: string | null,
  paymentIntentId: string,
): Promise<void> {
  const payment = claims === null ? null : await readPaymentById(pool, claims);
  if (payment?.checkoutSessionId !== sessionId || payment.paymentIntentId !== null) return;
  await transaction(pool, (tx) => storeCheckoutIntent(tx, payment, paymentIntentId));
}

/** The page takes no money any more. What was paid all the same counts, and what is under way is waited for. */
async function pageIsOver(
  deps: SyncDeps,
  sessionId: string,
  { claims, paymentIntentId, unpaid }: SeenCheckout,
  nowMs: number,
): Promise<AppliedNews> {
  const { pool, provider, policy } = deps;
  const payment = claims === null ? null : await readPaymentById(pool, claims);
  if (!payment || payment.paymentMethodId !== null || payment.purpose !== 'prepayment') return nothingOfOurs('foreign');
  // Another page was shown for it: this one, made by a call whose answer was lost, is nobody's loss.
  if (payment.checkoutSessionId !== null && payment.checkoutSessionId !== sessionId)
    return nothingOfOurs('nothing new');
  if (payment.paymentIntentId !== null && paymentIntentId !== null && payment.paymentIntentId !== paymentIntentId)
    return newsOf(await syncIntent(deps, paymentIntentId, nowMs));
  const answer: PaymentAnswer =
    paymentIntentId === null ? { kind: 'missing' } : (await provider.seeIntent(paymentIntentId, null)).answer;
  const synced = await transaction(pool, async (tx): Promise<Synced> => {
    if (paymentIntentId !== null) await storeCheckoutIntent(tx, payment, paymentIntentId);
    const asker = { asking: 'checkout_over' as const, endsAs: unpaid ? ('failed' as const) : ('canceled' as const) };
    return { kind: 'ours', payment, applied: await applyAnswer(tx, payment, answer, asker, policy, nowMs) };
  });
  return newsOf(await finish(deps, synced));
}

/**
 * Kept if it is its customer's still, was never ours (what an owner has removed since does not come back), and the account
 * has room for it: else it is detached. Pages are refused to an account that is full; this one was opened before.
 */
async function saveMethod(deps: SyncDeps, methodId: string): Promise<AppliedNews> {
  const { pool, provider, accountLimits = DEFAULT_ACCOUNT_LIMITS } = deps;
  const { paymentMethods: methodsMax } = accountLimits;
  if (await isKnownMethod(pool, methodId)) return nothingOfOurs('nothing new');
  const method = await provider.seeMethod(methodId);
  const accountId = method?.customerId ? await findOpenAccountOfCustomer(pool, method.customerId) : null;
  if (!method || accountId === null) return nothingOfOurs('no open account');
  const saved = await transaction(pool, async (tx) => {
    const done = await addPaymentMethod(tx, accountId, method.card, null, methodsMax);
    if (done.kind === 'added')
      await recordAudit(tx, accountId, WHOEVER, 'payment_method.add', { method: methodId, role: done.method.role });
    return done;
  });
  if (saved.kind === 'added') return { outcome: 'saved', accountId, methodsChanged: true };
  // First of all: where Stripe is away the news comes again.
  await provider.detachPaymentMethod(methodId);
  const refused = { method: methodId, limit: methodsMax };
  await transaction(pool, (tx) => recordAudit(tx, accountId, WHOEVER, 'payment_method.refuse', refused));
  return { outcome: 'over the limit', accountId, methodsChanged: false };
}

const WHOEVER = 'whoever has the page';
