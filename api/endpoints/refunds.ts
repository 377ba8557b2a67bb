/** Refunds by an admin: asked for once per idempotency key, never more than is left (P5). */
import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { FIRST_CHARGE_CENTS_MAX } from '../../domain/autoReload';
import { notFound, Problem, unavailable } from '../../domain/errors';
import { formatCents } from '../../domain/money';
import { recordAudit } from '../../ledger/audit/audit';
import type { Tx } from '../../ledger/db';
import { withPaymentLock, type Locked } from '../../ledger/payments/paymentLock';
import { readPayment, readReloadPayment, type Payment } from '../../ledger/payments/payments';
import {
  beginRefund,
  nextRefundTry,
  readRefundRequest,
  refuseRefund,
  type BegunRefund,
  type RefundRequest,
  type RefundWish,
} from '../../ledger/payments/refundRequests';
import { applyLook, lookAtPayment } from '../../ledger/payments/takeBack';
import { createProvider } from '../../stripe/provider';
import { createRefund, type RefundAnswer } from '../../stripe/refunds';
import { paymentSettledSignal } from '../../workflows/messages';
import { centsWithin } from '../http/cents';
import { created, endpoint, type Call } from '../http/endpoint';
import { accountId, money, moneyIn, time, uuid } from '../http/schemas';
import type { Services } from '../services';

const wish = z.strictObject({ amount: moneyIn.optional() });
const made = z.strictObject({ id: z.string(), amount: money, at: time }).meta({ id: 'Refund' });
type RefundCall = Call<unknown, unknown, z.output<typeof wish>>;

export const ofPrepayment = endpoint({
  params: z.strictObject({ id: accountId, prepaymentId: uuid }),
  body: { schema: wish, optional: true },
  idempotent: true,
  replies: { 201: made },
  async handle(call, services) {
    const { id, prepaymentId } = call.params;
    const payment = await readPayment(services.pool, id, prepaymentId);
    if (payment?.purpose !== 'prepayment') throw notFound(`prepayment ${prepaymentId}`);
    return created(view(await refund(payment, call, services)));
  },
});

export const ofReload = endpoint({
  params: z.strictObject({ id: accountId, number: z.coerce.number().int().min(1).max(2_147_483_647) }),
  body: { schema: wish, optional: true },
  idempotent: true,
  replies: { 201: made },
  async handle(call, services) {
    const { id, number } = call.params;
    const payment = await readReloadPayment(services.pool, id, number);
    if (!payment) throw notFound(`reload ${number}`);
    return created(view(await refund(payment, call, services)));
  },
});

const view = ({ refundId, cents, at }: RefundRequest): z.input<typeof made> => ({
  id: refundId!,
  amount: formatCents(cents),
  at: at.toISOString(),
});

/**
 * Alone on this payment: looks at Stripe, writes the request down, sends it, and looks again. Whatever is cut off in
 * between, the request stands, its cents are not given out again, and the next look finds what became of it.
 */
async function refund(payment: Payment, call: RefundCall, services: Services): Promise<RefundRequest> {
  const { pool, stripe, signals, gates } = services;
  const { paymentIntentId, accountId: account } = payment;
  if (paymentIntentId === null) throw notPaid(payment);
  const asked = toWish(payment, call);
  const request = await withPaymentLock(pool, paymentIntentId, async (locked) => {
    const begun = begunOrRefused(await look(locked, payment, services, (tx) => begin(tx, payment, asked)));
    if (begun.refundId !== null) return begun;
    const answer = await createRefund(stripe, {
      requestId: begun.id,
      tries: begun.tries,
      paymentIntentId,
      cents: begun.cents,
    });
    const ended = await look(locked, payment, services, (tx) => conclude(tx, begun, answer));
    if (ended.refundId !== null) return ended;
    if (answer.kind === 'refused') throw new Problem('refund_refused', `The payment provider says: ${answer.because}`);
    throw unavailable(
      'payments_unavailable',
      'Whether the refund was made is not known yet; ask again with the same key.',
    );
  });
  signals.tell(account, paymentSettledSignal);
  await gates.look(account);
  return request;
}

function toWish(payment: Payment, { body, idempotencyKey, principal }: RefundCall): RefundWish {
  const cents = body.amount === undefined ? null : centsWithin('amount', body.amount, [1, FIRST_CHARGE_CENTS_MAX]);
  const requestHash = createHash('sha256')
    .update(JSON.stringify([payment.id, cents]))
    .digest('hex');
  return { id: randomUUID(), cents, idempotencyKey, requestHash, actor: principal.actor };
}

/** Reads what is so at Stripe, brings the ledger in line, and goes on with that in the same transaction. */
async function look<T>(
  locked: Locked,
  payment: Payment,
  { stripe, policy }: Services,
  next: (tx: Tx) => Promise<T>,
): Promise<T> {
  const seen = await lookAtPayment(createProvider(stripe), payment.paymentIntentId!);
  const result = await locked.transaction(async (tx) => {
    const { followed } = await applyLook(tx, payment.paymentIntentId!, seen, policy, Date.now());
    return followed.kind === 'credited' ? { paid: true as const, next: await next(tx) } : { paid: false as const };
  });
  if (!result.paid) throw notPaid(payment);
  return result.next;
}

async function begin(tx: Tx, payment: Payment, asked: RefundWish): Promise<BegunRefund> {
  const begun = await beginRefund(tx, payment, asked);
  if (begun.kind === 'requested' && begun.request.id === asked.id) {
    const { id, cents } = begun.request;
    await recordAudit(tx, payment.accountId, asked.actor, 'payment.refund', {
      payment: payment.id,
      purpose: payment.purpose,
      amount: formatCents(cents),
      refund: id,
    });
  }
  return begun;
}

function begunOrRefused(begun: BegunRefund): RefundRequest {
  switch (begun.kind) {
    case 'key_reused':
      throw new Problem('idempotency_key_reused', 'This Idempotency-Key stands for another refund of the account.');
    case 'exceeds': {
      const left = formatCents(begun.leftCents);
      throw new Problem('refund_too_large', `$${left} of this payment is left to refund.`, {
        errors: [{ path: 'amount', message: `must be at most ${left}` }],
      });
    }
    case 'requested':
    case 'made':
      return begun.request;
  }
}

/** The look before has found it if it was made. */
async function conclude(tx: Tx, { id }: RefundRequest, answer: RefundAnswer): Promise<RefundRequest> {
  const request = (await readRefundRequest(tx, id))!;
  if (request.refundId !== null) return request;
  if (answer.kind === 'refused') await refuseRefund(tx, id);
  if (answer.kind === 'unknown' && answer.answered) await nextRefundTry(tx, id);
  return request;
}

const notPaid = ({ purpose }: Payment): Problem =>
  new Problem('payment_not_paid', `This ${purpose} is not paid: there is nothing to refund.`);
