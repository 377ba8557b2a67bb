/** Charges one method within an attempt: create the PaymentIntent, confirm it, and find out what came of it (A6, A7, A9). */
import type { PaymentAnswer } from '../domain/payment';
import { transaction } from '../ledger/db';
import { GONE } from '../ledger/methods/markUnusable';
import { readPaymentMethod } from '../ledger/methods/readPaymentMethod';
import type { Payment } from '../ledger/payments/payment';
import { storePaymentIntent } from '../ledger/payments/storePaymentIntent';
import { beginAttempt, type Attempt } from '../ledger/reloads/beginAttempt';
import { readAttempt } from '../ledger/reloads/readAttempt';
import { answerOfError } from '../stripe/answers';
import { applyAnswer, type Applied } from './applyAnswer';
import { applyMethodNews } from './applyMethodNews';
import { cancelPayment } from './cancel';
import { claimOf } from './claimOf';
import { syncCustomer } from './customer';
import { CUSTOMER_DELETED, METHOD_REMOVED, NOT_CONFIRMED } from './declines';
import type { PaymentDeps } from './deps';
import { logQuarantine } from './quarantineAlarm';
import { recoverLost } from './recoverLost';
import { requirePayment } from './requirePayment';

export type ChargeResult =
  | { kind: 'paid' }
  | { kind: 'declined'; declineCode: string; message: string }
  /** The owner is asked to confirm; given up at `dueMs` (P2). */
  | { kind: 'requires_action'; dueMs: number }
  /** Nobody knows yet; ask again from `dueMs` on. */
  | { kind: 'unknown'; dueMs: number }
  | { kind: 'ended' };

/**
 * Confirms the payment with the method, or finds out what an earlier, interrupted try has done. May be killed at any
 * line and run again: what is sent is written down before, and what came of it is read at Stripe before anything else.
 */
export async function charge(deps: PaymentDeps, attempt: Attempt): Promise<ChargeResult> {
  const { pool, policy, provider, links } = deps;
  const asked = await requirePayment(pool, attempt);
  const earlier = await readAttempt(pool, attempt);
  if (earlier?.outcome === 'declined')
    return { kind: 'declined', declineCode: earlier.declineCode!, message: earlier.declineMessage! };
  const payment = asked.paymentIntentId === null ? await recovered(deps, asked, attempt) : asked;
  if ('kind' in payment) return payment;
  const isRecovered = payment.paymentIntentId !== asked.paymentIntentId;
  const paymentIntentId = payment.paymentIntentId ?? (await create(deps, payment, attempt, earlier?.looks ?? 0));
  if (typeof paymentIntentId !== 'string') return paymentIntentId;
  if (earlier) {
    const seen = await look(deps, paymentIntentId, payment.latestChargeId);
    if (!mayConfirm(seen, payment, attempt)) return record(deps, payment, attempt, seen, earlier.atMs);
    if (payment.purpose === 'prepayment' && payment.status === 'requires_action')
      return record(deps, payment, attempt, NOT_CONFIRMED);
    // Removed since it was tried: it can't be confirmed any more, and the next method must not wait for it for ever.
    if (!(await readPaymentMethod(pool, attempt.accountId, attempt.methodId)))
      return record(deps, payment, attempt, METHOD_REMOVED);
  } else if (isRecovered) {
    const seen = await look(deps, paymentIntentId, null);
    if (!mayConfirmRecovered(seen, payment)) return record(deps, payment, attempt, seen);
  }
  const begun = await transaction(pool, (tx) => beginAttempt(tx, attempt, policy));
  if (begun.kind === 'ended') return { kind: 'ended' };
  const answer = await provider.confirmIntent(
    {
      paymentIntentId,
      methodId: attempt.methodId,
      onSession: payment.purpose === 'prepayment',
      returnUrl: links.urlOf(payment.id),
      knownChargeId: begun.latestChargeId,
    },
    `${payment.id}/${attempt.attempt}/${attempt.methodId}/${begun.confirmation}`,
  );
  if (answer.kind === 'declined' && answer.code === GONE) return recordGone(deps, payment, attempt, answer);
  if (answer.kind !== 'unknown') return record(deps, payment, attempt, answer);
  // A timeout may have charged. One look at once spares most of them the wait.
  const seen = await look(deps, paymentIntentId, begun.latestChargeId);
  return record(deps, payment, attempt, mayConfirm(seen, payment, attempt) ? answer : seen);
}

/** Stripe says that method or customer is gone. What is so is looked up there, so that it is not tried for ever. */
async function recordGone(
  deps: PaymentDeps,
  payment: Payment,
  attempt: Attempt,
  answer: PaymentAnswer,
): Promise<ChargeResult> {
  const result = await record(deps, payment, attempt, answer);
  try {
    if (payment.customerId !== null) await syncCustomer(deps, payment.customerId, deps.clock.now());
    await applyMethodNews(deps, attempt.methodId, false);
  } catch (error) {
    // The next charge, an event or reconciliation looks again.
    deps.log.warn(
      { err: error, account: payment.accountId, method: attempt.methodId },
      'a method could not be looked up',
    );
  }
  return result;
}

/** A prepayment with a saved method. Declined, it is canceled at Stripe, so that nothing pays it later (P2). */
export async function chargePrepayment(deps: PaymentDeps, attempt: Attempt): Promise<ChargeResult> {
  const result = await charge(deps, attempt);
  if (result.kind === 'declined') {
    const canceled = await cancelPayment(deps, await requirePayment(deps.pool, attempt), 'failed');
    if (!canceled) throw new Error('the declined payment is not canceled yet');
  }
  return result;
}

/** Unpaid; or a reload's owner was sent to the bank with another method, which says nothing about this one. */
const mayConfirm = (seen: PaymentAnswer, { purpose }: Payment, { methodId }: Attempt): boolean =>
  seen.kind === 'unpaid' || (seen.kind === 'requires_action' && purpose === 'reload' && seen.methodId !== methodId);

/** One whose attempts this database has lost: what was declined then may be tried again, for it is not paid. */
const mayConfirmRecovered = (seen: PaymentAnswer, { purpose }: Payment): boolean =>
  seen.kind === 'unpaid' || seen.kind === 'declined' || (seen.kind === 'requires_action' && purpose === 'reload');

/**
 * Before a PaymentIntent is made Stripe is asked whether there is one: this database may be an older copy of the one that
 * made it (O4). What else was lost is credited, so that nothing is charged that the balance does not need.
 */
async function recovered(deps: PaymentDeps, payment: Payment, attempt: Attempt): Promise<Payment | ChargeResult> {
  const { customerId } = payment;
  if (customerId === null) return payment;
  try {
    await recoverLost(deps, { accountId: payment.accountId, customerId }, deps.clock.now());
  } catch (error) {
    return record(deps, payment, attempt, answerOfError(error));
  }
  return requirePayment(deps.pool, attempt);
}

/** What has become of it; without an answer it is unknown. */
async function look(
  { provider }: PaymentDeps,
  paymentIntentId: string,
  knownChargeId: string | null,
): Promise<PaymentAnswer> {
  try {
    return (await provider.seeIntent(paymentIntentId, knownChargeId)).answer;
  } catch (error) {
    return answerOfError(error);
  }
}

/** The PaymentIntent's id, stored before anything can pay it. Only one is stored: others are never confirmed. */
async function create(
  deps: PaymentDeps,
  payment: Payment,
  attempt: Attempt,
  looks: number,
): Promise<string | ChargeResult> {
  const { customerId } = payment;
  if (customerId === null) return declineUnsent(deps, payment, attempt);
  const created = await deps.provider.createIntent(claimOf(payment, customerId), looks);
  if (created.kind === 'unknown') return record(deps, payment, attempt, created);
  if (created.kind === 'customer_missing') {
    if (!(await isDeleted(deps, customerId))) return record(deps, payment, attempt, NO_SUCH_CUSTOMER);
    const declined = await declineUnsent(deps, payment, attempt);
    await syncCustomer(deps, customerId, deps.clock.now());
    return declined;
  }
  return (await storePaymentIntent(deps.pool, payment.id, created.id)) ? created.id : { kind: 'ended' };
}

/** Stripe does not know the customer, and does not say that it was deleted: then our key is wrong. That is no decline (A9). */
const NO_SUCH_CUSTOMER: PaymentAnswer = {
  kind: 'unknown',
  because: 'Stripe does not know the customer: the key may be of another Stripe account',
  operator: true,
};

const isDeleted = ({ provider }: PaymentDeps, customerId: string): Promise<boolean> =>
  provider.isCustomerDeleted(customerId).catch(() => false);

/** The customer is gone, so there is nothing to confirm: the attempt is written down, and its method has failed in it. */
async function declineUnsent(deps: PaymentDeps, payment: Payment, attempt: Attempt): Promise<ChargeResult> {
  const begun = await transaction(deps.pool, (tx) => beginAttempt(tx, attempt, deps.policy));
  return begun.kind === 'ended' ? { kind: 'ended' } : record(deps, payment, attempt, CUSTOMER_DELETED);
}

/** @param sinceMs when the attempt was made first */
async function record(
  deps: PaymentDeps,
  payment: Payment,
  attempt: Attempt,
  answer: PaymentAnswer,
  sinceMs = attempt.nowMs,
): Promise<ChargeResult> {
  const { pool, policy, links, clock, counts } = deps;
  const asker = { asking: 'attempt' as const, attempt, sinceMs, link: links.urlOf(payment.id) };
  const applied = await transaction(pool, (tx) => applyAnswer(tx, payment, answer, asker, policy, clock.now()));
  const result = toResult(deps, payment, answer, applied);
  counts?.charged(payment.purpose, result.kind, result.kind === 'declined' ? result.declineCode : null);
  return result;
}

/** Logs what an operator should see. */
function toResult({ log }: PaymentDeps, payment: Payment, answer: PaymentAnswer, applied: Applied): ChargeResult {
  const { id, accountId } = payment;
  switch (applied.kind) {
    case 'credited':
      return { kind: 'paid' };
    case 'declined':
      return applied;
    case 'asked':
      return { kind: 'requires_action', dueMs: applied.dueMs };
    case 'look_later': {
      // A refused key or request wants an operator; an outage passes (A9).
      const [operator, because] = whyUnknown(answer);
      log[operator ? 'error' : 'warn']({ account: accountId, payment: id, because }, 'charge outcome unknown');
      return { kind: 'unknown', dueMs: applied.dueMs };
    }
    case 'quarantined':
      logQuarantine(log, payment, applied.because);
      return { kind: 'ended' };
    case 'unchanged':
      return { kind: applied.status === 'succeeded' ? 'paid' : 'ended' };
    case 'ended':
    case 'to_cancel':
    case 'not_canceled':
      return { kind: 'ended' };
  }
}

function whyUnknown(answer: PaymentAnswer): [operator: boolean, because: string] {
  if (answer.kind === 'unknown') return [answer.operator, answer.because];
  return answer.kind === 'missing'
    ? [true, 'Stripe does not know the payment']
    : [false, `the payment is ${answer.kind}`];
}
