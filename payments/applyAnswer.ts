/** Carries out the step that the state table gives for a provider's answer: the one way by which a payment moves (P3). */
import type { Policy } from '../domain/accountState';
import type { Declined, PaymentAnswer } from '../domain/payment';
import { differsFromAsked, stepAfter, type PaymentStatus } from '../domain/paymentStates';
import { lockAccount } from '../ledger/accounts/lockAccount';
import type { Tx } from '../ledger/db';
import { raiseNews } from '../ledger/accounts/raiseNews';
import { creditPayment } from '../ledger/payments/creditPayment';
import { endPayment } from '../ledger/payments/endPayment';
import type { Payment } from '../ledger/payments/payment';
import { quarantinePayment } from '../ledger/payments/quarantinePayment';
import { readConfirmation } from '../ledger/payments/readConfirmation';
import { readPaymentById } from '../ledger/payments/readPaymentById';
import type { Attempt } from '../ledger/reloads/beginAttempt';
import { closeReload } from '../ledger/reloads/closeReload';
import { hastenReload } from '../ledger/reloads/hastenReload';
import { recordAwaiting } from '../ledger/reloads/recordAwaiting';
import { recordCancelFailure } from '../ledger/reloads/recordCancelFailure';
import { recordDecline } from '../ledger/reloads/recordDecline';
import { recordOwnersDecline } from '../ledger/reloads/recordOwnersDecline';
import { recordUnknown } from '../ledger/reloads/recordUnknown';
import { ASKED_OWNER, NOT_CONFIRMED } from './declines';

/** Who has the answer, and what only they know. */
export type Asker =
  /** `sinceMs`: when the attempt was made first. `link`: our page for the owner. */
  | { asking: 'attempt'; attempt: Attempt; sinceMs: number; link: string }
  /** As what it ends when it is canceled. */
  | { asking: 'cancel'; endsAs: 'failed' | 'canceled' }
  | { asking: 'checkout_over'; endsAs: 'failed' | 'canceled' }
  | { asking: 'news' };
type AttemptAsks = Extract<Asker, { asking: 'attempt' }>;

export type Applied =
  /** `now`: this call credited it. */
  | { kind: 'credited'; now: boolean }
  /** An operator must look. `now`: this call quarantined it. */
  | { kind: 'quarantined'; because: string; now: boolean }
  | { kind: 'declined'; declineCode: string; message: string }
  /** Its owner is asked; given up at `dueMs`. */
  | { kind: 'asked'; dueMs: number }
  /** The caller cancels it at the provider: it has failed. */
  | { kind: 'to_cancel' }
  | { kind: 'ended' }
  | { kind: 'look_later'; dueMs: number }
  /** `alarm`: it has gone on for so long that an operator should look; said once. */
  | { kind: 'not_canceled'; because: string; operator: boolean; alarm: boolean }
  /** `changed`: something that waits for it was hastened. */
  | { kind: 'unchanged'; changed: boolean; status: PaymentStatus };

/** A prepayment that nobody confirms is given up after so long. */
const CONFIRMATION_MS_MAX = 24 * 60 * 60_000;

/** Takes the account's lock, and decides by the payment as it is under it. The same answer again changes nothing more. */
export async function applyAnswer(
  tx: Tx,
  { id, accountId }: Payment,
  answer: PaymentAnswer,
  asker: Asker,
  policy: Policy,
  nowMs: number,
): Promise<Applied> {
  await lockAccount(tx, accountId);
  const payment = (await readPaymentById(tx, id))!;
  const step = stepAfter(inBrief(payment), asker.asking, answer);
  switch (step) {
    case 'credit': {
      const credited = await creditPayment(tx, paidOf(answer), policy, nowMs);
      if (credited.kind !== 'credited') throw new Error(`another PaymentIntent was read for payment ${id}`);
      return { kind: 'credited', now: credited.now };
    }
    case 'quarantine': {
      const because = differsFromAsked(payment, paidOf(answer))!;
      return { kind: 'quarantined', because, now: await quarantinePayment(tx, payment, because, policy, nowMs) };
    }
    case 'decline':
      return decline(tx, payment, answer.kind === 'declined' ? answer : ASKED_OWNER, asker as AttemptAsks);
    case 'ask_owner': {
      const { attempt, link, sinceMs } = asker as AttemptAsks;
      const url = answer.kind === 'requires_action' ? answer.url : null;
      await recordAwaiting(tx, attempt, url ?? link, link);
      return { kind: 'asked', dueMs: sinceMs + CONFIRMATION_MS_MAX };
    }
    case 'fail':
      await recordDecline(tx, onlyAttemptOf(payment, nowMs), {
        ...(answer.kind === 'declined' ? answer : NOT_CONFIRMED),
        confirmationUrl: null,
      });
      return { kind: 'to_cancel' };
    case 'note_decline':
      await noteOwnersDecline(tx, payment, answer as Declined);
      return { kind: 'unchanged', changed: await hastenReload(tx, payment, nowMs), status: payment.status };
    case 'end':
      return end(tx, payment, asker, nowMs);
    case 'look_later':
      return { kind: 'look_later', ...(await recordUnknown(tx, (asker as AttemptAsks).attempt)) };
    case 'look_now':
      return { kind: 'unchanged', changed: await hastenReload(tx, payment, nowMs), status: payment.status };
    case 'cancel_later': {
      const { because, operator } = whyNotCanceled(answer);
      const { alarm } = await recordCancelFailure(tx, payment, because, nowMs);
      return { kind: 'not_canceled', because, operator, alarm };
    }
    case 'nothing':
      return { kind: 'unchanged', changed: false, status: payment.status };
  }
}

const inBrief = ({ purpose, status, cents, paymentMethodId }: Payment) => ({
  purpose,
  status,
  cents,
  atCheckout: purpose === 'prepayment' && paymentMethodId === null,
});

function paidOf(answer: PaymentAnswer) {
  if (answer.kind !== 'paid') throw new Error(`a payment that is ${answer.kind} is not paid`);
  return answer.paid;
}

/** Of a reload that the bank wants confirmed, owners get a link; a prepayment's owner was there and could have (A11, P2). */
async function decline(
  tx: Tx,
  { purpose }: Payment,
  { awaitsOwner, ...declined }: Declined,
  { attempt, link }: AttemptAsks,
): Promise<Applied> {
  const confirmationUrl = awaitsOwner && purpose === 'reload' ? link : null;
  await recordDecline(tx, attempt, { ...declined, confirmationUrl });
  return { kind: 'declined', declineCode: declined.code, message: declined.message };
}

/** A prepayment has one attempt, with the method that its owner chose. */
const onlyAttemptOf = ({ id, accountId, paymentMethodId }: Payment, nowMs: number): Attempt => ({
  accountId,
  paymentId: id,
  attempt: 1,
  methodId: paymentMethodId!,
  role: null,
  nowMs,
});

async function noteOwnersDecline(tx: Tx, { id: paymentId, accountId }: Payment, declined: Declined): Promise<void> {
  const { methodId } = await readConfirmation(tx, paymentId);
  if (methodId !== null) await recordOwnersDecline(tx, { accountId, paymentId, methodId }, declined);
}

/** Its PaymentIntent is canceled: an open reload closes with it, so that the next one may open (A7). */
async function end(tx: Tx, payment: Payment, asker: Asker, nowMs: number): Promise<Applied> {
  const { id, accountId, purpose, declineCode } = payment;
  if (purpose === 'reload') {
    const because = 'its payment was canceled at Stripe';
    await closeReload(tx, { accountId, reloadId: id, state: 'canceled', because, nowMs });
  }
  const declined = asker.asking === 'news' && purpose === 'prepayment' && declineCode !== null;
  await endPayment(tx, payment, 'endsAs' in asker ? asker.endsAs : declined ? 'failed' : 'canceled');
  // Attempt and cancellation bring the workflow what is so; for the others it reads again.
  if (asker.asking === 'news' || asker.asking === 'checkout_over') await raiseNews(tx, accountId);
  return { kind: 'ended' };
}

function whyNotCanceled(answer: PaymentAnswer): { because: string; operator: boolean } {
  if (answer.kind === 'unknown') return answer;
  return { because: 'at Stripe it is open as before', operator: false };
}
