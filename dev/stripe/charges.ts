// Charges: one per attempt to take money, kept whether it succeeded or not.
import type Stripe from 'stripe';
import { z } from 'zod';
import { moveBalance } from './balanceTransactions';
import { chargeDecline } from './declines';
import { newId } from './ids';
import { listObjects, listParams } from './lists';
import { id, mergeMetadata, metadata, parseParams, text } from './params';
import type { ApiRequest } from './apiRequest';
import type { Transaction } from './transaction';

export type ChargeResult = { kind: 'succeeded' } | { kind: 'pending' } | { kind: 'declined'; declineCode: string };

/** Records one attempt to charge the PaymentIntent's amount to the method, and tells of it. */
export function newCharge(
  tx: Transaction,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  result: ChargeResult,
): Stripe.Charge {
  const chargeId = newId('ch');
  const paid = result.kind === 'succeeded';
  const decline = result.kind === 'declined' ? chargeDecline(result.declineCode) : null;
  const charge: Stripe.Charge = {
    id: chargeId,
    object: 'charge',
    amount: intent.amount,
    amount_captured: result.kind === 'declined' ? 0 : intent.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: paid ? moveBalance(tx, { amount: intent.amount, source: chargeId, type: 'charge' }).id : null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: 'BALLAST',
    captured: result.kind !== 'declined',
    created: tx.now,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: outcomeOf(result),
    paid: result.kind !== 'declined',
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: detailsOf(method),
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: result.kind === 'declined' ? null : `${tx.baseUrl}/receipts/${chargeId}`,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: result.kind === 'declined' ? 'failed' : result.kind,
    transfer_data: null,
    transfer_group: null,
  };
  tx.put('charges', charge);
  tx.emit(`charge.${charge.status}`, charge);
  return charge;
}

/** Decides a pending charge. */
export function settleCharge(
  tx: Transaction,
  charge: Stripe.Charge,
  result: Exclude<ChargeResult, { kind: 'pending' }>,
): Stripe.Charge {
  const decline = result.kind === 'declined' ? chargeDecline(result.declineCode) : null;
  const settled = tx.update('charges', charge, {
    status: decline === null ? 'succeeded' : 'failed',
    paid: decline === null,
    captured: decline === null,
    amount_captured: decline === null ? charge.amount : 0,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    outcome: outcomeOf(result),
    balance_transaction:
      decline === null ? moveBalance(tx, { amount: charge.amount, source: charge.id, type: 'charge' }).id : null,
  });
  tx.emit(`charge.${settled.status}`, settled);
  return settled;
}

function outcomeOf(result: ChargeResult): Stripe.Charge.Outcome {
  const reason = result.kind === 'declined' ? result.declineCode : null;
  return {
    advice_code: reason === null ? null : (ADVICE.get(reason) ?? 'try_again_later'),
    network_advice_code: null,
    network_decline_code: null,
    network_status: reason === null ? 'approved_by_network' : 'declined_by_network',
    reason,
    risk_level: 'normal',
    risk_score: 20,
    seller_message: reason === null ? 'Payment complete.' : 'The bank returned the decline code `' + reason + '`.',
    type: reason === null ? 'authorized' : 'issuer_declined',
  };
}

const ADVICE = new Map(
  Object.entries<Stripe.Charge.Outcome.AdviceCode>({
    authentication_required: 'confirm_card_data',
    expired_card: 'confirm_card_data',
    incorrect_cvc: 'confirm_card_data',
    incorrect_number: 'confirm_card_data',
    lost_card: 'do_not_try_again',
    stolen_card: 'do_not_try_again',
    fraudulent: 'do_not_try_again',
  }),
);

function detailsOf(method: Stripe.PaymentMethod): Stripe.Charge.PaymentMethodDetails {
  const { card, type, us_bank_account: bank } = method;
  if (bank !== undefined) {
    const { account_holder_type, account_type, bank_name, fingerprint, last4, routing_number } = bank;
    const shown = { account_holder_type, account_type, bank_name, fingerprint, last4, routing_number };
    return { us_bank_account: { ...shown, payment_reference: null }, type };
  }
  if (card === undefined) return { link: { country: 'US' }, type };
  const shown = {
    amount_authorized: null,
    authorization_code: null,
    brand: card.brand,
    checks: card.checks,
    country: card.country,
    exp_month: card.exp_month,
    exp_year: card.exp_year,
    fingerprint: card.fingerprint ?? null,
    funding: card.funding,
    installments: null,
    last4: card.last4,
    mandate: null,
    network: card.brand,
    network_transaction_id: null,
    electronic_commerce_indicator: null,
    regulated_status: null,
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  };
  return { card: shown, type };
}

export async function retrieveCharge(tx: Transaction, request: ApiRequest): Promise<Stripe.Charge> {
  parseParams(z.strictObject({}), request.params);
  return tx.need('charges', request.ids[0] as string);
}

const updateParams = z.strictObject({
  metadata: metadata.optional(),
  description: text.optional(),
  receipt_email: text.optional(),
});

export async function updateCharge(tx: Transaction, request: ApiRequest): Promise<Stripe.Charge> {
  const params = parseParams(updateParams, request.params);
  const charge = await tx.need('charges', request.ids[0] as string);
  const updated = tx.update('charges', charge, {
    metadata: mergeMetadata(charge.metadata, params.metadata),
    ...(params.description !== undefined && { description: params.description || null }),
    ...(params.receipt_email !== undefined && { receipt_email: params.receipt_email || null }),
  });
  tx.emit('charge.updated', updated, charge);
  return updated;
}

const listChargesParams = z.strictObject({ ...listParams, customer: id.optional(), payment_intent: id.optional() });

export async function listCharges(tx: Transaction, request: ApiRequest): Promise<object> {
  const params = parseParams(listChargesParams, request.params);
  const where =
    params.payment_intent !== undefined
      ? { field: 'payment_intent', equals: params.payment_intent }
      : { field: 'customer', equals: params.customer };
  return listObjects(tx, 'charges', request.path, params, {
    where,
    keep: (charge) => params.customer === undefined || charge.customer === params.customer,
  });
}
