// Disputes: opened by the customer's bank, answered with evidence, won or lost.
import type Stripe from 'stripe';
import { z } from 'zod';
import { moveBalance } from './balanceTransactions';
import { noEvidence } from './disputeEvidence';
import { invalidRequest } from './errors';
import { newId } from './ids';
import { listObjects, listParams } from './lists';
import { boolean, id, mergeMetadata, metadata, parseParams } from './params';
import type { ApiRequest } from './apiRequest';
import type { Transaction } from './transaction';

export type DisputeKind = 'fraudulent' | 'product_not_received' | 'inquiry';

const RESPONSE_SECONDS = 9 * 24 * 60 * 60;

/** `amount`: integer cents, the whole charge unless given. An inquiry takes no money yet. */
export async function openDispute(
  tx: Transaction,
  charge: Stripe.Charge,
  kind: DisputeKind,
  amount = charge.amount,
): Promise<Stripe.Dispute> {
  if (charge.status !== 'succeeded')
    throw invalidRequest(`Charge ${charge.id} has not been paid and cannot be disputed.`);
  const disputeId = newId('dp');
  const isInquiry = kind === 'inquiry';
  const withdrawn = isInquiry ? [] : [moveBalance(tx, { amount: -amount, source: disputeId, type: 'adjustment' })];
  const dispute = tx.put('disputes', {
    id: disputeId,
    object: 'dispute',
    amount,
    balance_transactions: withdrawn,
    charge: charge.id,
    created: tx.now,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: noEvidence(),
    evidence_details: {
      due_by: tx.now + RESPONSE_SECONDS,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: isInquiry,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: {
        brand: 'visa',
        network: 'visa',
        case_type: isInquiry ? 'inquiry' : 'chargeback',
        network_reason_code: '10',
      },
      type: 'card',
    },
    reason: isInquiry ? 'general' : kind,
    status: isInquiry ? 'warning_needs_response' : 'needs_response',
  });
  tx.update('charges', await tx.need('charges', charge.id), { disputed: true });
  tx.emit('charge.dispute.created', dispute);
  if (!isInquiry) tx.emit('charge.dispute.funds_withdrawn', dispute);
  return dispute;
}

/** The bank's decision. */
export function closeDispute(tx: Transaction, dispute: Stripe.Dispute, outcome: 'won' | 'lost'): Stripe.Dispute {
  if (isClosed(dispute)) throw alreadyClosed(dispute);
  const isInquiry = dispute.status.startsWith('warning_');
  const reinstated = outcome === 'won' && !isInquiry;
  const closed = tx.update('disputes', dispute, {
    status: isInquiry && outcome === 'won' ? 'warning_closed' : outcome,
    is_charge_refundable: outcome === 'won',
    balance_transactions: reinstated
      ? [
          ...dispute.balance_transactions,
          moveBalance(tx, { amount: dispute.amount, source: dispute.id, type: 'adjustment' }),
        ]
      : dispute.balance_transactions,
  });
  tx.emit('charge.dispute.closed', closed);
  if (reinstated) tx.emit('charge.dispute.funds_reinstated', closed);
  return closed;
}

function isClosed(dispute: Stripe.Dispute): boolean {
  return ['won', 'lost', 'warning_closed'].includes(dispute.status);
}

function alreadyClosed(dispute: Stripe.Dispute): Error {
  return invalidRequest(`This dispute is already closed: it has a status of ${dispute.status}.`);
}

const updateParams = z.strictObject({
  evidence: z.record(z.string(), z.string()).optional(),
  metadata: metadata.optional(),
  submit: boolean.optional(),
});

/** In test mode the text of the evidence decides (https://docs.stripe.com/testing#disputes). */
export async function updateDispute(tx: Transaction, request: ApiRequest): Promise<Stripe.Dispute> {
  const params = parseParams(updateParams, request.params);
  const dispute = await tx.need('disputes', request.ids[0] as string);
  if (isClosed(dispute) && params.evidence !== undefined) throw alreadyClosed(dispute);
  const submitted = params.evidence !== undefined && params.submit !== false;
  const updated = tx.update('disputes', dispute, {
    evidence: { ...dispute.evidence, ...params.evidence },
    evidence_details: {
      ...dispute.evidence_details,
      has_evidence: dispute.evidence_details.has_evidence || params.evidence !== undefined,
      submission_count: dispute.evidence_details.submission_count + (submitted ? 1 : 0),
      ...(submitted && { submission_method: 'manual' }),
    },
    metadata: mergeMetadata(dispute.metadata, params.metadata),
    ...(submitted && { status: dispute.status.startsWith('warning_') ? 'warning_under_review' : 'under_review' }),
  });
  tx.emit('charge.dispute.updated', updated, dispute);
  const evidence = Object.values(params.evidence ?? {});
  if (submitted && evidence.includes('winning_evidence')) return closeDispute(tx, updated, 'won');
  if (submitted && evidence.includes('losing_evidence')) return closeDispute(tx, updated, 'lost');
  return updated;
}

/** POST /v1/disputes/:id/close: the merchant gives in. */
export async function acceptDispute(tx: Transaction, request: ApiRequest): Promise<Stripe.Dispute> {
  parseParams(z.strictObject({}), request.params);
  return closeDispute(tx, await tx.need('disputes', request.ids[0] as string), 'lost');
}

export async function retrieveDispute(tx: Transaction, request: ApiRequest): Promise<Stripe.Dispute> {
  parseParams(z.strictObject({}), request.params);
  return tx.need('disputes', request.ids[0] as string);
}

const listDisputesParams = z.strictObject({ ...listParams, charge: id.optional(), payment_intent: id.optional() });

export async function listDisputes(tx: Transaction, request: ApiRequest): Promise<object> {
  const params = parseParams(listDisputesParams, request.params);
  if (params.payment_intent !== undefined) await tx.need('payment_intents', params.payment_intent, 'payment_intent');
  return listObjects(tx, 'disputes', request.path, params, {
    where:
      params.charge !== undefined
        ? { field: 'charge', equals: params.charge }
        : { field: 'payment_intent', equals: params.payment_intent },
    keep: (dispute) => params.payment_intent === undefined || dispute.payment_intent === params.payment_intent,
  });
}
