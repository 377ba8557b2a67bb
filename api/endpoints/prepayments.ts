/** One-time payments by an owner with a saved method, once per idempotency key (P2). */
import { z } from 'zod';
import { notFound, Problem } from '../../domain/errors';
import { formatCents, formatMoney } from '../../domain/money';
import { readPaymentLine } from '../../ledger/transactions/readPaymentLine';
import { toPage } from '../../ledger/page';
import { listPaymentMethods } from '../../ledger/methods/listPaymentMethods';
import { listPrepayments } from '../../ledger/payments/listPrepayments';
import { readPayment } from '../../ledger/payments/readPayment';
import type { Payment } from '../../ledger/payments/payment';
import { listTakenBack } from '../../ledger/payments/listTakenBack';
import { readTakenBack } from '../../ledger/payments/readTakenBack';
import { isAway } from '../../payments/syncPayment';
import { startPrepayment } from '../../workflows/startPrepayment';
import { beginOnce, refuseOther } from './beginPrepayment';
import { accountList } from './accountList';
import { withCardTry } from './cardTry';
import { accepted, created, ok, type Reply } from '../http/endpoint';
import { lookAtPayment } from './lookAtPayment';
import { accountId, cursorOf, id, money, moneyIn, ofAccount, time, uuid } from '../http/schemas';
import { endpoint, forPayments, type Services, type Uses } from '../services';
import { isTemporalOutage, reaching } from '../signals/temporal';
import { withDeadline } from '../signals/withDeadline';
import { QUARANTINED } from './quarantined';

const START_MS_MAX = 5_000;
const CHARGE_MS_MAX = 20_000;

const wish = z.strictObject({ amount: moneyIn, paymentMethodId: id.optional() });
const status = z.enum(['requires_action', 'processing', 'succeeded', 'failed', 'canceled']);
const shown = z
  .strictObject({
    id: uuid,
    amount: money,
    refunded: money,
    status,
    unpaidAtCheckout: z.literal(true).optional().meta({
      description:
        'Nothing was paid on its page at Checkout so far; the page can be paid for a day. Its status is processing.',
    }),
    declineCode: z.string().optional(),
    detail: z.string().optional(),
    receiptUrl: z.string().optional(),
    url: z.string().optional().meta({ description: 'Where its owner confirms or pays it; shown to owners.' }),
    at: time,
  })
  .meta({ id: 'Prepayment' });

export const pay = endpoint({
  params: ofAccount,
  body: { schema: wish },
  idempotent: true,
  replies: {
    201: z.strictObject({ id: uuid, status: z.literal('succeeded'), amount: money, balance: money }),
    202: z.strictObject({
      id: uuid,
      status: z.enum(['processing', 'requires_action']),
      amount: money,
      url: z.string().optional(),
      detail: z.string().optional(),
    }),
  },
  uses: [...forPayments, 'temporal'],
  refusals: [
    'out_of_range',
    'fraction_of_a_cent',
    'payment_method_required',
    'payment_method_invalid',
    'card_declined',
    'temporal_unavailable',
    'payments_unavailable',
  ],
  async handle(call, services) {
    const { amount, paymentMethodId } = call.body;
    const { id: accountId } = call.params;
    const cardTry = { accountId, id: `prepayment/${accountId}/${call.idempotencyKey}` };
    return withCardTry(cardTry, services, async (begin) => {
      const begun = await beginOnce(call, services, {
        amount,
        content: [paymentMethodId ?? null],
        async method() {
          const methodId = await methodFor(accountId, paymentMethodId, services.pool);
          await begin();
          return methodId;
        },
      });
      if (begun.status !== 'processing') return answered((await lookAtPayment(begun, services)).payment, services);
      await charge(begun, call.idempotencyKey, services);
      await services.gates.look(accountId);
      const payment = (await readPayment(services.pool, accountId, begun.id))!;
      refuseOther(payment, begun);
      return answered(payment, services);
    });
  },
});

async function methodFor(account: string, wished: string | undefined, pool: Services['pool']): Promise<string> {
  const methods = await listPaymentMethods(pool, account);
  const method = methods.find(({ id: methodId, role }) =>
    wished === undefined ? role === 'primary' : methodId === wished,
  );
  if (method) return method.id;
  if (wished === undefined) throw new Problem('payment_method_required', 'The account has no primary payment method.');
  throw new Problem('payment_method_invalid', `The account has no payment method ${wished}.`, {
    errors: [{ path: 'paymentMethodId', message: 'is not a method of this account' }],
  });
}

/** Waits for the charge, but not for ever: what is still unknown then is processing. Safe to repeat: one key is one workflow. */
async function charge(
  { accountId: account, id: paymentId, paymentMethodId }: Payment,
  idempotencyKey: string,
  { temporal, log }: Uses<'temporal' | 'log'>,
): Promise<void> {
  const input = { accountId: account, paymentId, paymentMethodId: paymentMethodId! };
  const handle = await reaching(temporal, START_MS_MAX, () => startPrepayment(temporal, input, idempotencyKey));
  try {
    await withDeadline(temporal, CHARGE_MS_MAX, () => handle.result());
  } catch (error) {
    if (!isTemporalOutage(error)) log.warn({ err: error, account, paymentId }, 'a prepayment did not end well');
  }
}

async function answered(payment: Payment, { pool }: Uses<'pool'>): Promise<Reply> {
  const { id: paymentId, accountId: account, paymentIntentId } = payment;
  const amount = formatCents(payment.cents);
  switch (payment.status) {
    case 'succeeded': {
      const line = paymentIntentId === null ? null : await readPaymentLine(pool, account, paymentIntentId);
      if (!line) throw new Error(`prepayment ${paymentId} has succeeded and has no transaction`);
      return created({ id: paymentId, status: 'succeeded', amount, balance: formatMoney(line.balanceAfter) });
    }
    case 'processing':
      return accepted({ id: paymentId, status: payment.status, amount });
    case 'quarantined':
      return accepted({ id: paymentId, status: 'processing', amount, detail: QUARANTINED });
    case 'requires_action':
      return accepted({
        id: paymentId,
        status: payment.status,
        amount,
        ...(payment.actionUrl !== null && { url: payment.actionUrl }),
      });
    case 'failed':
    case 'canceled':
      throw new Problem('card_declined', payment.declineMessage ?? 'The payment was not made; nothing was charged.', {
        members: { declineCode: payment.declineCode ?? payment.status, id: paymentId },
      });
  }
}

const view = (payment: Payment, refundedCents: number): z.input<typeof shown> => ({
  id: payment.id,
  amount: formatCents(payment.cents),
  refunded: formatCents(refundedCents),
  status: payment.status === 'quarantined' ? 'processing' : payment.status,
  ...(isUnpaidAtCheckout(payment) && { unpaidAtCheckout: true }),
  ...detailOf(payment),
  ...(payment.declineCode !== null && { declineCode: payment.declineCode }),
  ...(payment.receiptUrl !== null && { receiptUrl: payment.receiptUrl }),
  at: payment.createdAt.toISOString(),
});

/** Whoever was led to its page has begun no payment there, as far as is known. */
const isUnpaidAtCheckout = ({ status, paymentMethodId, paymentIntentId }: Payment): boolean =>
  status === 'processing' && paymentMethodId === null && paymentIntentId === null;

/** Why it is not paid, in a sentence. */
function detailOf({ status, declineMessage }: Payment): { detail?: string } {
  if (status === 'quarantined') return { detail: QUARANTINED };
  return status === 'failed' && declineMessage !== null ? { detail: declineMessage } : {};
}

export const list = accountList({
  item: shown,
  cursor: cursorOf.uuid,
  async read(db, accountId, { limit, after }) {
    const payments = await listPrepayments(db, accountId, limit + 1, after);
    const page = toPage(
      payments,
      limit,
      (payment) => payment.id,
      (payment) => payment,
    );
    const taken = await listTakenBack(db, page.data);
    return {
      ...page,
      data: page.data.map((payment) => ({ payment, refundedCents: taken.get(payment.id)?.refundedCents ?? 0 })),
    };
  },
  view: ({ payment, refundedCents }) => view(payment, refundedCents),
  columns: ['at', 'id', 'amount', 'refunded', 'status', 'declineCode', 'receiptUrl'],
});

export const read = endpoint({
  params: z.strictObject({ id: accountId, prepaymentId: uuid }),
  replies: { 200: shown },
  uses: forPayments,
  async handle({ params, principal }, services) {
    const { pool } = services;
    const existing = await readPayment(pool, params.id, params.prepaymentId);
    if (existing?.purpose !== 'prepayment') throw notFound(`prepayment ${params.prepaymentId}`);
    // Whoever comes back from a page of the provider's asks here: the news may not have come yet.
    const payment = isAway(existing) ? (await lookAtPayment(existing, services)).payment : existing;
    const waitsForOwner = payment.status === 'requires_action' || isUnpaidAtCheckout(payment);
    return ok({
      ...view(payment, (await readTakenBack(pool, payment)).refundedCents),
      ...(waitsForOwner && principal.role === 'owner' && payment.actionUrl !== null && { url: payment.actionUrl }),
    });
  },
});
