// Refunds: partial and full, what forbids them, and refunds that fail afterwards.
import type Stripe from 'stripe';
import { z } from 'zod';
import { moveBalance } from './balanceTransactions';
import { invalidParameter, invalidRequest } from './errors';
import { newId } from './ids';
import { listObjects, listParams } from './lists';
import { id, ignored, integer, mergeMetadata, metadata, parseParams } from './params';
import type { ApiRequest } from './apiRequest';
import type { Transaction } from './transaction';

const createParams = z.strictObject({
  charge: id.optional(),
  payment_intent: id.optional(),
  amount: integer.refine((cents) => cents >= 1, 'Invalid positive integer').optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata: metadata.optional(),
  instructions_email: ignored,
  refund_application_fee: ignored,
  reverse_transfer: ignored,
});

export async function createRefund(tx: Transaction, request: ApiRequest): Promise<Stripe.Refund> {
  const params = parseParams(createParams, request.params);
  const charge = await chargeToRefund(tx, params);
  const left = charge.amount - charge.amount_refunded;
  const amount = params.amount ?? left;
  await checkRefundable(tx, charge, amount);
  const behavior = (await tx.get('cards', charge.payment_method ?? ''))?.behavior.refund ?? 'succeeded';
  const refundId = newId('re');
  const refund = tx.put('refunds', {
    id: refundId,
    object: 'refund',
    amount,
    balance_transaction: moveBalance(tx, { amount: -amount, source: refundId, type: 'refund' }).id,
    charge: charge.id,
    created: tx.now,
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    metadata: mergeMetadata({}, params.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: params.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: behavior === 'pending_then_succeeded' ? 'pending' : 'succeeded',
    transfer_reversal: null,
  } satisfies Stripe.Refund);
  const refunded = tx.update('charges', charge, {
    amount_refunded: charge.amount_refunded + amount,
    refunded: amount === left,
  });
  tx.emit('refund.created', refund);
  tx.emit('charge.refunded', refunded, charge);
  // Stripe does these two a moment later; the answer shows the refund as it was before.
  if (behavior === 'pending_then_succeeded') changeStatus(tx, refund, { status: 'succeeded' });
  if (behavior === 'succeeded_then_failed') await failRefund(tx, refund, 'expired_or_canceled_card');
  return refund;
}

async function chargeToRefund(tx: Transaction, params: z.infer<typeof createParams>): Promise<Stripe.Charge> {
  if (params.charge !== undefined) return tx.need('charges', params.charge, 'charge');
  if (params.payment_intent === undefined) {
    throw invalidParameter(
      'One of the following params should be provided for this request: payment_intent or charge.',
      undefined,
      'parameter_missing',
    );
  }
  const intent = await tx.need('payment_intents', params.payment_intent, 'payment_intent');
  const charge = await tx.get('charges', (intent.latest_charge as string | null) ?? '');
  if (intent.status === 'succeeded' && charge !== undefined) return charge;
  throw invalidRequest(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, {
    param: 'payment_intent',
  });
}

async function checkRefundable(tx: Transaction, charge: Stripe.Charge, amount: number): Promise<void> {
  if (charge.status !== 'succeeded') {
    throw invalidRequest(`Charge ${charge.id} has not been paid and cannot be refunded.`, {
      code: 'charge_not_refundable',
    });
  }
  if (charge.refunded)
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
  for await (const dispute of tx.newest('disputes', { where: { field: 'charge', equals: charge.id } })) {
    if (dispute.is_charge_refundable) continue;
    throw invalidRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
    });
  }
  const left = charge.amount - charge.amount_refunded;
  if (amount > left) {
    throw invalidRequest(
      `Refund amount (${dollars(amount)}) is greater than unrefunded amount on charge (${dollars(left)})`,
      { param: 'amount' },
    );
  }
}

function dollars(cents: number): string {
  return `$${(cents / 100).toFixed(2)}`;
}

/** The bank could not give the money back: it returns to the merchant's balance, and the charge counts as not refunded. */
export async function failRefund(tx: Transaction, refund: Stripe.Refund, reason: string): Promise<Stripe.Refund> {
  if (refund.status === 'failed') throw invalidRequest(`Refund ${refund.id} has failed already.`);
  const charge = await tx.need('charges', refund.charge as string);
  tx.update('charges', charge, { amount_refunded: charge.amount_refunded - refund.amount, refunded: false });
  const failed = changeStatus(tx, refund, {
    status: 'failed',
    failure_reason: reason,
    failure_balance_transaction: moveBalance(tx, { amount: refund.amount, source: refund.id, type: 'refund_failure' })
      .id,
  });
  tx.emit('refund.failed', failed);
  return failed;
}

function changeStatus(tx: Transaction, refund: Stripe.Refund, changes: Partial<Stripe.Refund>): Stripe.Refund {
  const changed = tx.update('refunds', refund, changes);
  tx.emit('refund.updated', changed, refund);
  tx.emit('charge.refund.updated', changed, refund);
  return changed;
}

export async function retrieveRefund(tx: Transaction, request: ApiRequest): Promise<Stripe.Refund> {
  parseParams(z.strictObject({}), request.params);
  return tx.need('refunds', request.ids[0] as string);
}

export async function updateRefund(tx: Transaction, request: ApiRequest): Promise<Stripe.Refund> {
  const params = parseParams(z.strictObject({ metadata }), request.params);
  const refund = await tx.need('refunds', request.ids[0] as string);
  return changeStatus(tx, refund, { metadata: mergeMetadata(refund.metadata ?? {}, params.metadata) });
}

const listRefundsParams = z.strictObject({ ...listParams, charge: id.optional(), payment_intent: id.optional() });

export async function listRefunds(tx: Transaction, request: ApiRequest): Promise<object> {
  const params = parseParams(listRefundsParams, request.params);
  if (params.payment_intent !== undefined) await tx.need('payment_intents', params.payment_intent, 'payment_intent');
  return listObjects(tx, 'refunds', request.path, params, {
    where:
      params.charge !== undefined
        ? { field: 'charge', equals: params.charge }
        : { field: 'payment_intent', equals: params.payment_intent },
    keep: (refund) => params.payment_intent === undefined || refund.payment_intent === params.payment_intent,
  });
}
