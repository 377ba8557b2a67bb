/** Finds again what a restored database has lost: payments of ours that Stripe knows and Postgres does not (O4, P6). */
import type { PaymentAnswer, PaymentClaim, SeenIntent } from '../domain/payment';
import { formatCents } from '../domain/money';
import { lockAccount } from '../ledger/accounts/lockAccount';
import { accountExists } from '../ledger/accounts/accountExists';
import type { Tx } from '../ledger/db';
import { recordDecision } from '../ledger/decisions/recordDecision';
import { adoptIntent } from '../ledger/payments/adoptIntent';
import { findClaimedPayment } from '../ledger/payments/findClaimedPayment';
import { insertLostPayment } from '../ledger/payments/insertLostPayment';
import type { Payment } from '../ledger/payments/payment';
import { findPaymentOfIntent } from '../ledger/payments/findPaymentOfIntent';

/**
 * The payment of ours that a PaymentIntent is for, though no row has its id: an existing one that lacks it, or one that
 * is rebuilt here because it is paid. Null for what Ballast has not signed, for an account that is not known, and for a
 * second PaymentIntent of a payment that has one: that is nobody's to credit.
 */
export async function recoverPayment(tx: Tx, seen: SeenIntent, nowMs: number): Promise<Payment | null> {
  const { claim, paymentIntentId, answer } = seen;
  if (claim === null || !(await accountExists(tx, claim.accountId))) return null;
  await lockAccount(tx, claim.accountId);
  // Somebody may have been at it before the lock was ours.
  const known = await findPaymentOfIntent(tx, paymentIntentId);
  if (known) return known;
  const existing = await findClaimedPayment(tx, claim);
  if (existing && mayAdopt(existing, claim, answer)) {
    const isIdle = answer.kind === 'unpaid' || answer.kind === 'declined';
    await adoptIntent(tx, existing, claim, paymentIntentId, isIdle);
    return findPaymentOfIntent(tx, paymentIntentId);
  }
  if (answer.kind !== 'paid' || (existing && isSame(existing, claim))) return null;
  await insertLostPayment(tx, seen as SeenIntent & { claim: PaymentClaim });
  await noteRecovery(tx, claim, paymentIntentId, nowMs);
  return findPaymentOfIntent(tx, paymentIntentId);
}

/** A reload's number is given again after a restore: only the same id makes it the same reload. A key belongs to one payment. */
const isSame = ({ id, purpose }: Payment, { paymentId }: PaymentClaim): boolean =>
  purpose === 'prepayment' || id === paymentId;

/** Whether the existing payment is the one that the PaymentIntent was made for, and still lacks it. */
function mayAdopt(payment: Payment, claim: PaymentClaim, answer: PaymentAnswer): boolean {
  // One that has ended unpaid is paid late: its money counts.
  if (payment.paymentIntentId !== null || !(payment.status === 'processing' || answer.kind === 'paid')) return false;
  // An open reload goes on with what may still be paid, and only for the amount that it was opened for.
  if (payment.purpose === 'reload') return payment.cents === claim.cents && answer.kind !== 'canceled';
  // Checkout's page makes one when its customer first tries; without a stored page, another page may make another.
  if (payment.paymentMethodId === null)
    return answer.kind === 'paid' || answer.kind === 'processing' || payment.checkoutSessionId !== null;
  return true;
}

async function noteRecovery(
  tx: Tx,
  { paymentId, accountId, purpose, cents, reloadNumber }: PaymentClaim,
  paymentIntentId: string,
  nowMs: number,
): Promise<void> {
  const because = `a ${purpose} of $${formatCents(cents)} was paid, and this database did not know it: it was restored from an older copy`;
  const decision = { id: `recovered/${paymentIntentId}`, atMs: nowMs, kind: 'recover', rule: 'O4', because };
  await recordDecision(tx, accountId, decision, { payment: paymentId, paymentIntentId, reloadNumber });
}
