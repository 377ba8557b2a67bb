/** Brings one payment in line with Stripe, and finds what can't be explained about it (P6). Never charges. */
import { formatCents } from '../domain/money';
import type { Repair } from '../domain/reconciliation';
import type { Db } from '../ledger/db';
import { readTakenBack } from '../ledger/payments/readTakenBack';
import type { Payment } from '../ledger/payments/payment';
import { readPaymentById } from '../ledger/payments/readPaymentById';
import { keepFinding, type Finding } from '../ledger/reconciliation/keepFinding';
import { readCancelFailure } from '../ledger/reloads/readCancelFailure';
import type { SyncDeps } from './deps';
import type { Synced } from './syncIntent';
import { leftCents, takeBack, type PaymentLook } from './takeBack';

export type ReconciledPayment = { repairs: Repair[]; /** Found now for the first time. */ alarm: string | null };

/** Repeated it repairs nothing more. Throws when provider or database can't be asked. */
export async function reconcilePayment(
  deps: SyncDeps,
  paymentIntentId: string,
  nowMs: number,
): Promise<ReconciledPayment> {
  const { synced, linesPosted, look } = await takeBack(deps, paymentIntentId, nowMs);
  const finding = await findingOf(deps.pool, synced, look);
  const isNew = await keepFinding(deps.pool, paymentIntentId, finding);
  return { repairs: repairsOf(synced, linesPosted, paymentIntentId), alarm: isNew ? finding!.detail : null };
}

function repairsOf(synced: Synced, linesPosted: number, about: string): Repair[] {
  if (synced.kind === 'foreign') return [];
  const { applied, payment } = synced;
  const { accountId } = payment;
  const credited = applied.kind === 'credited' && applied.now;
  const noted =
    applied.kind === 'ended' || applied.kind === 'to_cancel' || (applied.kind === 'unchanged' && applied.changed);
  return [
    ...(credited ? [{ kind: 'credited' as const, accountId, about }] : []),
    ...(linesPosted > 0 ? [{ kind: 'taken_back' as const, accountId, about }] : []),
    ...(noted ? [{ kind: 'noted' as const, accountId, about }] : []),
  ];
}

async function findingOf(db: Db, synced: Synced, look: PaymentLook): Promise<Finding | null> {
  const { answer } = look.intent;
  if (synced.kind === 'foreign') return foreignFinding(db, look);
  const { payment, applied } = synced;
  const { id, accountId } = payment;
  if (applied.kind === 'quarantined')
    return leftCents(look) <= 0 ? null : { kind: 'amount_differs', accountId, detail: applied.because };
  if (applied.kind === 'credited') return sumFinding(db, payment, leftCents(look));
  if (payment.status !== 'succeeded') return notCanceled(db, payment);
  return {
    kind: 'credited_without_payment',
    accountId,
    detail: `payment ${id} is credited, and at Stripe it is ${answer.kind}`,
  };
}

/** Without a claim it is none of our business, and refunded it harms nobody. */
async function foreignFinding(db: Db, look: PaymentLook): Promise<Finding | null> {
  const { claims, answer } = look.intent;
  const left = leftCents(look);
  if (answer.kind !== 'paid' || claims === null || left <= 0) return null;
  const claimed = await readPaymentById(db, claims);
  const were = `$${formatCents(left)} were paid for payment`;
  return claimed
    ? {
        kind: 'paid_twice',
        accountId: claimed.accountId,
        detail: `${were} ${claimed.id}, which has PaymentIntent ${claimed.paymentIntentId ?? '(none)'}`,
      }
    : { kind: 'paid_unknown', accountId: null, detail: `${were} ${claims}, which is not known` };
}

async function sumFinding(db: Db, payment: Payment, left: number): Promise<Finding | null> {
  const { id, accountId, cents } = payment;
  const { refundedCents, disputedCents } = await readTakenBack(db, payment);
  const inLedger = cents - refundedCents - disputedCents;
  if (inLedger === left) return null;
  const detail = `of payment ${id} $${formatCents(left)} are left at Stripe, $${formatCents(inLedger)} in the ledger`;
  return { kind: 'sum_differs', accountId, detail };
}

async function notCanceled(db: Db, { id, accountId }: Payment): Promise<Finding | null> {
  const failing = await readCancelFailure(db, id);
  if (!failing) return null;
  const { tries, since, because } = failing;
  return {
    kind: 'not_canceled',
    accountId,
    detail: `payment ${id} could not be canceled in ${tries} tries since ${since.toISOString()}: ${because}`,
  };
}
