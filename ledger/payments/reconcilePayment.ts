/** Brings one payment in line with Stripe, and finds what can't be explained about it (P6). Never charges. */
import type { Repair, UnexplainedKind } from '../../domain/reconciliation';
import { formatCents } from '../../domain/money';
import { readCancelFailure } from '../reloads/cancelFailures';
import type { Db } from '../db';
import { readPaymentById, type Payment } from './payments';
import { takeBack, type PaymentLook, type TakeBackDeps } from './takeBack';
import type { Followed } from './followIntent';
import { readTakenBack } from './takenBack';

export type ReconciledPayment = { repairs: Repair[]; /** Found now for the first time. */ alarm: string | null };
type Finding = { kind: UnexplainedKind; accountId: string | null; detail: string };

/** Repeated it repairs nothing more. Throws when provider or database can't be asked. */
export async function reconcilePayment(
  deps: TakeBackDeps,
  paymentIntentId: string,
  nowMs: number,
): Promise<ReconciledPayment> {
  const { followed, linesPosted, look } = await takeBack(deps, paymentIntentId, nowMs);
  const finding = await findingOf(deps.pool, followed, look);
  const isNew = await keepFinding(deps.pool, paymentIntentId, finding);
  return { repairs: repairsOf(followed, linesPosted, paymentIntentId), alarm: isNew ? finding!.detail : null };
}

function repairsOf(followed: Followed, linesPosted: number, about: string): Repair[] {
  if (followed.kind === 'foreign') return [];
  const { accountId } = followed.payment;
  return [
    ...(followed.kind === 'credited' && followed.now ? [{ kind: 'credited' as const, accountId, about }] : []),
    ...(linesPosted > 0 ? [{ kind: 'taken_back' as const, accountId, about }] : []),
    ...(followed.kind === 'unpaid' && followed.changed ? [{ kind: 'noted' as const, accountId, about }] : []),
  ];
}

async function findingOf(db: Db, followed: Followed, { intent, taken }: PaymentLook): Promise<Finding | null> {
  const takenCents =
    taken.refunds.reduce((sum, { cents, failed }) => sum + (failed ? 0 : cents), 0) +
    taken.disputes.reduce((sum, { withdrawnCents }) => sum + withdrawnCents, 0);
  const leftCents = intent.state === 'paid' ? intent.paid.receivedCents - takenCents : 0;
  switch (followed.kind) {
    case 'foreign': {
      // Without a claim it is none of our business, and refunded it harms nobody.
      if (intent.state !== 'paid' || intent.claims === null || leftCents <= 0) return null;
      const claimed = await readPaymentById(db, intent.claims);
      return claimed
        ? {
            kind: 'paid_twice',
            accountId: claimed.accountId,
            detail: `$${formatCents(leftCents)} were paid for payment ${claimed.id}, which has PaymentIntent ${claimed.paymentIntentId ?? '(none)'}`,
          }
        : {
            kind: 'paid_unknown',
            accountId: null,
            detail: `$${formatCents(leftCents)} were paid for payment ${intent.claims}, which is not known`,
          };
    }
    case 'set_aside':
      return leftCents <= 0
        ? null
        : { kind: 'amount_differs', accountId: followed.payment.accountId, detail: followed.because };
    case 'unpaid':
      if (followed.payment.status !== 'succeeded') return notCanceled(db, followed.payment);
      return {
        kind: 'credited_without_payment',
        accountId: followed.payment.accountId,
        detail: `payment ${followed.payment.id} is credited, and at Stripe it is ${intent.state}`,
      };
    case 'credited': {
      const { id, accountId, cents } = followed.payment;
      const { refundedCents, disputedCents } = await readTakenBack(db, followed.payment);
      const inLedger = cents - refundedCents - disputedCents;
      if (inLedger === leftCents) return null;
      return {
        kind: 'sum_differs',
        accountId,
        detail: `of payment ${id} $${formatCents(leftCents)} are left at Stripe, $${formatCents(inLedger)} in the ledger`,
      };
    }
  }
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

/** Keeps what can't be explained until it can. Returns whether it is new. */
async function keepFinding(db: Db, paymentIntentId: string, finding: Finding | null): Promise<boolean> {
  if (!finding) {
    await db.query('delete from unexplained where payment_intent_id = $1', [paymentIntentId]);
    return false;
  }
  const { rows } = await db.query<{ is_new: boolean }>(
    `insert into unexplained (payment_intent_id, kind, account_id, detail) values ($1, $2, $3, $4)
     on conflict (payment_intent_id) do update set kind = excluded.kind, account_id = excluded.account_id, detail = excluded.detail
     returning xmax = 0 as is_new`,
    [paymentIntentId, finding.kind, finding.accountId, finding.detail],
  );
  return rows[0]!.is_new;
}
