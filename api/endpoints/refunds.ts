/** Refunds by an admin: asked for once per idempotency key, never more than is left (P5). */
import { z } from 'zod';
import { FIRST_CHARGE_CENTS_MAX } from '../../domain/autoReload';
import { notFound, Problem, unavailable } from '../../domain/errors';
import { formatCents } from '../../domain/money';
import type { Payment } from '../../ledger/payments/payment';
import { readPayment } from '../../ledger/payments/readPayment';
import { readReloadPayment } from '../../ledger/payments/readReloadPayment';
import type { RefundRequest, RefundWish } from '../../ledger/payments/refundRequest';
import { hashOfRequest } from '../../ledger/requestHash';
import { refund, type Refunded } from '../../payments/refund';
import { stableId } from '../../payments/stableId';
import { paymentSettledSignal } from '../../workflows/messages';
import { centsWithin } from '../http/cents';
import { created, type Call, type Reply } from '../http/endpoint';
import { accountId, money, moneyIn, time, uuid } from '../http/schemas';
import { endpoint, forPayments, type PaymentServices } from '../services';

const wish = z.strictObject({ amount: moneyIn.optional() });
const made = z.strictObject({ id: z.string(), amount: money, at: time }).meta({ id: 'Refund' });
type RefundCall = Call<unknown, unknown, z.output<typeof wish>>;

/** What both endpoints have in common. */
const refunding = {
  body: { schema: wish, optional: true },
  idempotent: true,
  replies: { 201: made },
  uses: forPayments,
  refusals: [
    'payment_not_paid',
    'refund_refused',
    'refund_too_large',
    'out_of_range',
    'fraction_of_a_cent',
    'payments_unavailable',
  ],
} as const;

export const ofPrepayment = endpoint({
  params: z.strictObject({ id: accountId, prepaymentId: uuid }),
  ...refunding,
  async handle(call, services) {
    const { id, prepaymentId } = call.params;
    const payment = await readPayment(services.pool, id, prepaymentId);
    if (payment?.purpose !== 'prepayment') throw notFound(`prepayment ${prepaymentId}`);
    return answer(payment, call, services);
  },
});

export const ofReload = endpoint({
  params: z.strictObject({ id: accountId, number: z.coerce.number().int().min(1).max(2_147_483_647) }),
  ...refunding,
  async handle(call, services) {
    const { id, number } = call.params;
    const payment = await readReloadPayment(services.pool, id, number);
    if (!payment) throw notFound(`reload ${number}`);
    return answer(payment, call, services);
  },
});

async function answer(payment: Payment, call: RefundCall, services: PaymentServices): Promise<Reply> {
  const refunded = await refund(services, payment, toWish(payment, call));
  const request = madeOrRefused(refunded, payment);
  services.signals.tell(payment.accountId, paymentSettledSignal);
  await services.gates.look(payment.accountId);
  return created(view(request));
}

function toWish(payment: Payment, { body, idempotencyKey, principal }: RefundCall): RefundWish {
  const cents = body.amount === undefined ? null : centsWithin('amount', body.amount, [1, FIRST_CHARGE_CENTS_MAX]);
  const requestHash = hashOfRequest([payment.id, cents]);
  return {
    id: stableId('refund', payment.accountId, idempotencyKey),
    cents,
    idempotencyKey,
    requestHash,
    actor: principal.actor,
  };
}

const view = ({ refundId, cents, at }: RefundRequest): z.input<typeof made> => ({
  id: refundId!,
  amount: formatCents(cents),
  at: at.toISOString(),
});

function madeOrRefused(refunded: Refunded, { purpose }: Payment): RefundRequest {
  switch (refunded.kind) {
    case 'made':
      return refunded.request;
    case 'not_paid':
      throw new Problem('payment_not_paid', `This ${purpose} is not paid: there is nothing to refund.`);
    case 'key_reused':
      throw new Problem('idempotency_key_reused', 'This Idempotency-Key stands for another refund of the account.');
    case 'exceeds': {
      const left = formatCents(refunded.leftCents);
      throw new Problem('refund_too_large', `$${left} of this payment is left to refund.`, {
        errors: [{ path: 'amount', message: `must be at most ${left}` }],
      });
    }
    case 'refused':
      throw new Problem('refund_refused', `The payment provider says: ${refunded.because}`);
    case 'unknown':
      throw unavailable(
        'payments_unavailable',
        'Whether the refund was made is not known yet; ask again with the same key.',
      );
  }
}
