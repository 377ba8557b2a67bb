/** Acts on news of a Checkout Session: a card that was saved, a payment that was made, or will not be (P1, P2). */
import type { SeenCheckout } from '../../domain/payment';
import { recordAudit } from '../audit/audit';
import { transaction, type Db } from '../db';
import { foldIntent, nothingOfOurs, type FoldedNews } from './foldIntent';
import { addPaymentMethod } from '../methods/addPaymentMethod';
import { isKnownMethod } from '../methods/isKnownMethod';
import { markUnpaid, readPaymentById } from './payments';
import type { TakeBackDeps } from './takeBack';

export async function foldCheckout(deps: TakeBackDeps, sessionId: string, nowMs: number): Promise<FoldedNews> {
  const session = await deps.provider.seeCheckout(sessionId);
  if (!session) return nothingOfOurs('foreign');
  if (session.mode === 'setup')
    return session.paymentMethodId === null ? nothingOfOurs('nothing new') : saveMethod(deps, session.paymentMethodId);
  if (session.mode !== 'payment') return nothingOfOurs('foreign');
  if (session.status === 'expired' || session.unpaid) return endUnpaid(deps, sessionId, session, nowMs);
  return session.paymentIntentId === null
    ? nothingOfOurs('nothing new')
    : foldIntent(deps, session.paymentIntentId, nowMs);
}

/** Nothing pays this prepayment through its page any more. What was paid all the same counts; what is under way, tells. */
async function endUnpaid(
  deps: TakeBackDeps,
  sessionId: string,
  { claims, paymentIntentId, unpaid }: SeenCheckout,
  nowMs: number,
): Promise<FoldedNews> {
  const payment = claims === null ? null : await readPaymentById(deps.pool, claims);
  if (!payment || payment.paymentMethodId !== null || payment.purpose !== 'prepayment') return nothingOfOurs('foreign');
  // Another page was shown for it: this one, made by a call whose answer was lost, is nobody's loss.
  if (payment.checkoutSessionId !== null && payment.checkoutSessionId !== sessionId)
    return nothingOfOurs('nothing new');
  if (paymentIntentId !== null) {
    const { state } = await deps.provider.seeIntent(paymentIntentId);
    if (state === 'paid' || state === 'canceled') return foldIntent(deps, paymentIntentId, nowMs);
    if (state === 'processing') return { outcome: 'nothing new', accountId: payment.accountId, methodsChanged: false };
  }
  await transaction(deps.pool, (tx) => markUnpaid(tx, payment, unpaid ? 'failed' : 'canceled'));
  return { outcome: 'noted', accountId: payment.accountId, methodsChanged: false };
}

/** Kept if it is its customer's still, and was never ours: what an owner has removed since does not come back. */
async function saveMethod({ pool, provider }: TakeBackDeps, methodId: string): Promise<FoldedNews> {
  if (await isKnownMethod(pool, methodId)) return nothingOfOurs('nothing new');
  const method = await provider.seeMethod(methodId);
  const accountId = method?.customerId ? await accountOfCustomer(pool, method.customerId) : null;
  if (!method || accountId === null) return nothingOfOurs('unknown account');
  await transaction(pool, async (tx) => {
    const { method: added } = await addPaymentMethod(tx, accountId, method.card, null);
    await recordAudit(tx, accountId, 'whoever has the page', 'payment_method.add', {
      method: methodId,
      role: added.role,
    });
  });
  return { outcome: 'saved', accountId, methodsChanged: true };
}

async function accountOfCustomer(db: Db, customerId: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>('select id from accounts where stripe_customer_id = $1', [
    customerId,
  ]);
  return rows[0]?.id ?? null;
}
