/** Cancels at Stripe what shall not be paid any more. If it turns out to be paid, it is credited (A7). */
import type { PaymentAnswer } from '../domain/payment';
import { transaction } from '../ledger/db';
import type { Payment } from '../ledger/payments/payment';
import { applyAnswer } from './applyAnswer';
import type { SyncDeps } from './deps';
import { logQuarantine } from './quarantineAlarm';
import { requirePayment } from './requirePayment';

const NOT_CANCELED: Record<Payment['purpose'], string> = {
  reload: 'a payment could not be canceled; it is tried again',
  prepayment: 'a prepayment could not be canceled; it can still be paid, and canceling is tried again',
};

/** Returns false when Stripe can't say yet. Repeated it is harmless. */
export async function cancelPayment(deps: SyncDeps, payment: Payment, endsAs: 'failed' | 'canceled'): Promise<boolean> {
  const { pool, provider, policy, log, clock } = deps;
  const { id, accountId, purpose, paymentIntentId } = payment;
  // Without a PaymentIntent nothing can pay it.
  const answer: PaymentAnswer =
    paymentIntentId === null ? { kind: 'canceled' } : await provider.cancelIntent(paymentIntentId);
  const applied = await transaction(pool, (tx) =>
    applyAnswer(tx, payment, answer, { asking: 'cancel', endsAs }, policy, clock.now()),
  );
  if (applied.kind === 'quarantined') logQuarantine(log, payment, applied.because);
  if (applied.kind !== 'not_canceled') return true;
  const about = { account: accountId, payment: id, paymentIntent: paymentIntentId, because: applied.because };
  // What goes on and holds up reloads is told once, and shown until it is over. A refused key wants an operator (A9).
  if (applied.alarm)
    log.error(about, 'a payment can not be canceled, and no reload opens before it is: an operator must look at it');
  else log[applied.operator ? 'error' : 'warn'](about, NOT_CANCELED[purpose]);
  return false;
}

/** A prepayment that nobody has confirmed in time: canceled at Stripe, or credited if it turns out to be paid (P2). */
export async function abandonPrepayment(
  deps: SyncDeps,
  ref: { accountId: string; paymentId: string },
): Promise<boolean> {
  const payment = await requirePayment(deps.pool, ref);
  return payment.status !== 'requires_action' || cancelPayment(deps, payment, 'canceled');
}
