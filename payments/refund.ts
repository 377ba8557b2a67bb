/** Refunds a payment once per request, never more than is left (P5). */
import { formatCents } from '../domain/money';
import type { TakenBack } from '../domain/payment';
import { recordAudit } from '../ledger/audit/recordAudit';
import type { Tx } from '../ledger/db';
import { beginRefund, type BegunRefund } from '../ledger/payments/beginRefund';
import { countRefundTry } from '../ledger/payments/countRefundTry';
import type { Payment } from '../ledger/payments/payment';
import { withPaymentLock, type Locked } from '../ledger/payments/paymentLock';
import { readRefundRequest } from '../ledger/payments/readRefundRequest';
import type { RefundRequest, RefundWish } from '../ledger/payments/refundRequest';
import { refuseRefund } from '../ledger/payments/refuseRefund';
import type { RefundAnswer } from '../stripe/refunds';
import type { SyncDeps } from './deps';
import { applyLook, isCredited, lookAtPayment } from './takeBack';

export type Refunded =
  | { kind: 'made'; request: RefundRequest }
  | { kind: 'not_paid' }
  | { kind: 'key_reused' }
  | { kind: 'exceeds'; leftCents: number }
  /** The provider says why. */
  | { kind: 'refused'; because: string }
  /** It may have been made: the same request again finds it, or makes it. */
  | { kind: 'unknown' };

/**
 * Alone on this payment: looks at Stripe, writes the request down, sends it, and looks again. Whatever is cut off in
 * between, the request is kept, its cents are not given out again, and the next look finds what became of it.
 */
export async function refund(deps: SyncDeps, payment: Payment, wish: RefundWish): Promise<Refunded> {
  const { paymentIntentId } = payment;
  if (paymentIntentId === null) return { kind: 'not_paid' };
  return withPaymentLock(deps.pool, paymentIntentId, async (locked): Promise<Refunded> => {
    const begun = await look(deps, locked, paymentIntentId, (tx, taken) => begin(tx, payment, wish, taken));
    if (begun === null) return { kind: 'not_paid' };
    if (begun.kind !== 'requested') return begun;
    const { id: requestId, tries, cents } = begun.request;
    const answer = await deps.provider.createRefund({ requestId, tries, paymentIntentId, cents });
    const ended = await look(deps, locked, paymentIntentId, (tx) => conclude(tx, requestId, answer));
    if (ended === null) return { kind: 'not_paid' };
    if (ended.refundId !== null) return { kind: 'made', request: ended };
    return answer.kind === 'refused' ? answer : { kind: 'unknown' };
  });
}

/** Reads what is so at Stripe, brings the ledger in line, and goes on in the same transaction; null when it is not paid. */
async function look<T>(
  deps: SyncDeps,
  locked: Locked,
  paymentIntentId: string,
  next: (tx: Tx, taken: TakenBack) => Promise<T>,
): Promise<T | null> {
  const seen = await lookAtPayment(deps, paymentIntentId);
  return locked.transaction(async (tx) => {
    const { synced } = await applyLook(tx, seen, deps.policy, deps.clock.now());
    return isCredited(synced) ? next(tx, seen.taken) : null;
  });
}

/** A refund at Stripe that carries this request's id was made for it, by a database that has lost it since (O4). */
async function begin(tx: Tx, payment: Payment, wish: RefundWish, { refunds }: TakenBack): Promise<BegunRefund> {
  const made = refunds.find(({ requestId }) => requestId === wish.id) ?? null;
  const begun = await beginRefund(tx, payment, wish, made);
  if (begun.kind === 'requested' && begun.request.id === wish.id) {
    const { id, cents } = begun.request;
    await recordAudit(tx, payment.accountId, wish.actor, 'payment.refund', {
      payment: payment.id,
      purpose: payment.purpose,
      amount: formatCents(cents),
      refund: id,
    });
  }
  return begun;
}

/** The look before has found it if it was made. */
async function conclude(tx: Tx, requestId: string, answer: RefundAnswer): Promise<RefundRequest> {
  const request = (await readRefundRequest(tx, requestId))!;
  if (request.refundId !== null) return request;
  if (answer.kind === 'refused') await refuseRefund(tx, requestId);
  if (answer.kind === 'unknown' && answer.answered) await countRefundTry(tx, requestId);
  return request;
}
