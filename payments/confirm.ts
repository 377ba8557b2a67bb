/** An owner confirms, on the bank's page, a payment that the bank has asked to confirm (A11, P2). */
import { recordAudit } from '../ledger/audit/recordAudit';
import type { Payment } from '../ledger/payments/payment';
import { readConfirmation } from '../ledger/payments/readConfirmation';
import type { PaymentDeps } from './deps';
import { applyLooked, syncPayment, type Look } from './syncPayment';

export type Confirming =
  /** On to the bank's page. */
  | { kind: 'bank'; url: string }
  /** Nothing is to be confirmed any more. */
  | { kind: 'over'; look: Look }
  /** The bank has answered at once. `declined`: what it said. */
  | { kind: 'answered'; look: Look; declined: string | null }
  /** Stripe gave no answer. */
  | { kind: 'unknown'; look: Look };

/** Whether the payment waits for its owner, as far as Stripe says. */
export const asksOwner = ({ payment, answer }: Look): boolean =>
  payment.status === 'requires_action' &&
  answer !== null &&
  ['requires_action', 'unpaid', 'declined'].includes(answer.kind);

/**
 * The bank's page for that same PaymentIntent, or a confirmation on session with the method that the bank wants
 * confirmed. Stripe takes one PaymentIntent's money once, whoever confirms.
 */
export async function confirm(deps: PaymentDeps, payment: Payment, nowMs: number): Promise<Confirming> {
  const look = await syncPayment(deps, payment, nowMs);
  if (!asksOwner(look)) return { kind: 'over', look };
  if (look.answer?.kind === 'requires_action' && look.answer.url !== null)
    return { kind: 'bank', url: look.answer.url };
  return confirmOnSession(deps, look.payment, nowMs);
}

async function confirmOnSession(deps: PaymentDeps, payment: Payment, nowMs: number): Promise<Confirming> {
  const { pool, provider, links, log } = deps;
  const { id: paymentId, accountId, paymentIntentId, latestChargeId } = payment;
  const { methodId } = await readConfirmation(pool, paymentId);
  if (methodId === null || paymentIntentId === null)
    throw new Error(`payment ${paymentId} waits for its owner without a method`);
  const details = { payment: paymentId, method: methodId };
  await recordAudit(pool, accountId, 'whoever has the link', 'payment.confirm', details);
  const answer = await provider.confirmIntent(
    { paymentIntentId, methodId, onSession: true, returnUrl: links.urlOf(paymentId), knownChargeId: latestChargeId },
    null,
  );
  if (answer.kind === 'requires_action' && answer.url !== null) return { kind: 'bank', url: answer.url };
  if (answer.kind === 'unknown') {
    const about = { account: accountId, payment: paymentId, because: answer.because };
    log[answer.operator ? 'error' : 'warn'](about, "an owner's confirmation has no answer");
    return { kind: 'unknown', look: await syncPayment(deps, payment, nowMs) };
  }
  const seen = { paymentIntentId, claims: paymentId, claim: null, createdMs: nowMs, answer };
  const look = await applyLooked(deps, paymentId, seen, nowMs);
  return { kind: 'answered', look, declined: answer.kind === 'declined' ? answer.message : null };
}
