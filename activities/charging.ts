/** Charging as activities: one PaymentIntent per payment, confirmed method by method, its outcome always found out (A6, A7, A9). */
import type { AskedFrom, Snapshot } from '../domain/accountState';
import type { PaidIntent } from '../domain/payment';
import { beginAttempt, type Attempt } from '../ledger/reloads/beginAttempt';
import { recordCancelFailure } from '../ledger/reloads/cancelFailures';
import { closeReload } from '../ledger/reloads/closeReload';
import { transaction } from '../ledger/db';
import { readPaymentMethod } from '../ledger/methods/readPaymentMethod';
import { markUnpaid, readPayment, storePaymentIntent, type Payment } from '../ledger/payments/payments';
import { readAttempt } from '../ledger/reloads/readAttempt';
import { recordAwaiting, recordDecline, recordUnknown } from '../ledger/reloads/recordAttempt';
import { setAside } from '../ledger/payments/setAside';
import { settlePayment } from '../ledger/payments/settlePayment';
import { cancelIntent, confirmIntent, createIntent, readIntent } from '../stripe/intents';
import { ASKED_OWNER, METHOD_REMOVED, NOT_CONFIRMED, type Declined, type Outcome } from '../stripe/outcome';
import type { Dependencies } from './dependencies';
import { heartbeating } from './heartbeating';
import { inSnapshot } from './inSnapshot';

export type ChargeResult =
  | { kind: 'paid' }
  | { kind: 'declined'; declineCode: string; message: string }
  /** The owner is asked to confirm; given up at `dueMs` (P2). */
  | { kind: 'requires_action'; dueMs: number }
  /** Nobody knows yet; ask again from `dueMs` on. */
  | { kind: 'unknown'; dueMs: number }
  | { kind: 'ended' };

type Unknown = Extract<Outcome, { kind: 'unknown' }>;

/** A prepayment that nobody confirms is given up after so long. */
const CONFIRMATION_MS_MAX = 24 * 60 * 60_000;

const NOT_CANCELED: Record<Payment['purpose'], string> = {
  reload: 'a payment could not be canceled; it is tried again',
  prepayment: 'a prepayment could not be canceled; it can still be paid, and canceling is tried again',
};

export function createChargingActivities(deps: Dependencies) {
  const { pool, stripe, policy, links, log } = deps;

  /**
   * Confirms the payment with the method, or finds out what an earlier, interrupted try has done. May be killed at any
   * line and run again: what is sent is written down before, and what came of it is read at Stripe before anything else.
   */
  async function charge(attempt: Attempt): Promise<ChargeResult> {
    const payment = await requirePayment(attempt);
    const earlier = await readAttempt(pool, attempt);
    if (earlier?.outcome === 'declined')
      return { kind: 'declined', declineCode: earlier.declineCode!, message: earlier.declineMessage! };
    const paymentIntentId = payment.paymentIntentId ?? (await create(payment, attempt, earlier?.looks ?? 0));
    if (typeof paymentIntentId !== 'string') return paymentIntentId;
    if (earlier) {
      const seen = await readIntent(stripe, paymentIntentId, payment.latestChargeId);
      if (!mayConfirm(seen, payment, attempt)) return record(payment, attempt, seen, earlier.atMs);
      if (payment.purpose === 'prepayment' && payment.status === 'requires_action')
        return record(payment, attempt, NOT_CONFIRMED);
      // Removed since it was tried: it can't be confirmed any more, and the next method must not wait for it for ever.
      if (!(await readPaymentMethod(pool, attempt.accountId, attempt.methodId)))
        return record(payment, attempt, METHOD_REMOVED);
    }
    const begun = await transaction(pool, (tx) => beginAttempt(tx, attempt, policy));
    if (begun.kind === 'ended') return { kind: 'ended' };
    const { latestChargeId, confirmation } = begun;
    const outcome = await confirmIntent(
      stripe,
      {
        paymentIntentId,
        methodId: attempt.methodId,
        onSession: payment.purpose === 'prepayment',
        returnUrl: links.urlOf(payment.id),
        latestChargeId,
      },
      `${payment.id}/${attempt.attempt}/${attempt.methodId}/${confirmation}`,
    );
    if (outcome.kind !== 'unknown') return record(payment, attempt, outcome);
    // A timeout may have charged. One look at once spares most of them the wait.
    const seen = await readIntent(stripe, paymentIntentId, latestChargeId);
    return record(payment, attempt, mayConfirm(seen, payment, attempt) ? outcome : seen);
  }

  /** Unpaid; or a reload's owner was sent to the bank with another method, which says nothing about this one. */
  const mayConfirm = (seen: Outcome, { purpose }: Payment, { methodId }: Attempt): boolean =>
    seen.kind === 'unpaid' || (seen.kind === 'requires_action' && purpose === 'reload' && seen.methodId !== methodId);

  /** The PaymentIntent's id, stored before anything can pay it. Only one is stored: others are never confirmed. */
  async function create(payment: Payment, attempt: Attempt, looks: number): Promise<string | ChargeResult> {
    if (payment.customerId === null) throw new Error(`account ${payment.accountId} has no customer at Stripe`);
    const intent = {
      paymentId: payment.id,
      accountId: payment.accountId,
      purpose: payment.purpose,
      cents: payment.cents,
      customerId: payment.customerId,
    };
    const created = await createIntent(stripe, intent, looks);
    if (created.kind === 'unknown') return record(payment, attempt, created);
    return (await storePaymentIntent(pool, payment.id, created.id)) ? created.id : { kind: 'ended' };
  }

  /** @param sinceMs when the attempt was made first */
  async function record(
    payment: Payment,
    attempt: Attempt,
    outcome: Outcome,
    sinceMs = attempt.nowMs,
  ): Promise<ChargeResult> {
    switch (outcome.kind) {
      case 'paid':
        return settle(payment, outcome.paid);
      case 'requires_action': {
        if (payment.purpose === 'reload') return decline(payment, attempt, ASKED_OWNER);
        const link = links.urlOf(payment.id);
        await transaction(pool, (tx) => recordAwaiting(tx, attempt, outcome.url ?? link, link));
        return { kind: 'requires_action', dueMs: sinceMs + CONFIRMATION_MS_MAX };
      }
      case 'declined':
        return decline(payment, attempt, outcome);
      case 'canceled':
        // Somebody canceled it at Stripe: this reload ends, and the next one may open.
        await transaction(pool, async (tx) => {
          await closeReload(tx, {
            ...attempt,
            reloadId: payment.id,
            state: 'canceled',
            because: 'its payment was canceled at Stripe',
          });
          await markUnpaid(tx, payment, 'canceled');
        });
        return { kind: 'ended' };
      case 'unpaid':
      case 'unknown': {
        if (outcome.kind === 'unknown') noteUnknown(payment, outcome);
        const { dueMs } = await transaction(pool, (tx) => recordUnknown(tx, attempt));
        return { kind: 'unknown', dueMs };
      }
    }
  }

  /** A refused key or request wants an operator; an outage passes (A9). */
  const noteUnknown = ({ accountId, id }: Payment, { because, operator }: Unknown): void =>
    log[operator ? 'error' : 'warn']({ account: accountId, payment: id, because }, 'charge outcome unknown');

  /** Of a reload that the bank wants confirmed, owners get a link; a prepayment's owner was there and could have (A11, P2). */
  async function decline(
    payment: Payment,
    attempt: Attempt,
    { awaitsOwner, ...declined }: Declined,
  ): Promise<ChargeResult> {
    const confirmationUrl = awaitsOwner && payment.purpose === 'reload' ? links.urlOf(payment.id) : null;
    await transaction(pool, (tx) => recordDecline(tx, attempt, { ...declined, confirmationUrl }));
    return { kind: 'declined', declineCode: declined.code, message: declined.message };
  }

  async function settle(payment: Payment, paid: PaidIntent): Promise<ChargeResult> {
    return transaction(pool, async (tx) => {
      const settlement = await settlePayment(tx, paid, policy, Date.now());
      if (settlement.kind === 'credited') return { kind: 'paid' };
      const because = settlement.kind === 'set_aside' ? settlement.because : `${paid.paymentIntentId} is not ours`;
      log.error(
        { account: payment.accountId, payment: payment.id, because },
        'a payment was set aside: an operator must look at it',
      );
      await setAside(tx, payment, because, policy, Date.now());
      return { kind: 'ended' };
    });
  }

  async function requirePayment({ accountId, paymentId }: { accountId: string; paymentId: string }): Promise<Payment> {
    const payment = await readPayment(pool, accountId, paymentId);
    if (!payment) throw new Error(`account ${accountId} has no payment ${paymentId}`);
    return payment;
  }

  /** Cancels at Stripe what shall not be paid any more. If it turns out to be paid, it is credited (A7). */
  async function cancel(payment: Payment, status: 'failed' | 'canceled'): Promise<boolean> {
    if (payment.paymentIntentId === null) {
      await transaction(pool, (tx) => markUnpaid(tx, payment, status));
      return true;
    }
    const outcome = await cancelIntent(stripe, payment.paymentIntentId);
    switch (outcome.kind) {
      case 'paid':
        await settle(payment, outcome.paid);
        return true;
      case 'canceled':
        await transaction(pool, (tx) => markUnpaid(tx, payment, status));
        return true;
      case 'unknown':
        await noteNotCanceled(payment, outcome);
        return false;
      case 'declined':
      case 'requires_action':
      case 'unpaid':
        await noteNotCanceled(payment, { because: 'at Stripe it is open as before', operator: false });
        return false;
    }
  }

  /** A refused key wants an operator (A9); an outage passes. What goes on and holds up reloads is told once, and shown until it is over. */
  async function noteNotCanceled(
    payment: Payment,
    { because, operator }: Pick<Unknown, 'because' | 'operator'>,
  ): Promise<void> {
    const { alarm } = await transaction(pool, (tx) => recordCancelFailure(tx, payment, because, Date.now()));
    const about = { account: payment.accountId, payment: payment.id, paymentIntent: payment.paymentIntentId, because };
    if (alarm)
      log.error(about, 'a payment can not be canceled, and no reload opens before it is: an operator must look at it');
    else log[operator ? 'error' : 'warn'](about, NOT_CANCELED[payment.purpose]);
  }

  return {
    /** One method of one attempt of a reload. The snapshot tells what became of it. */
    async chargeReload({ knownRevision, ...attempt }: Attempt & AskedFrom): Promise<Snapshot> {
      return heartbeating(async () => {
        await charge(attempt);
        return inSnapshot(deps, { accountId: attempt.accountId, knownRevision });
      });
    },

    /** A prepayment with a saved method. Declined, it is canceled at Stripe, so that nothing pays it later (P2). */
    async chargePrepayment(attempt: Attempt): Promise<ChargeResult> {
      return heartbeating(async () => {
        const result = await charge(attempt);
        if (result.kind === 'declined' && !(await cancel(await requirePayment(attempt), 'failed'))) {
          throw new Error('the declined payment is not canceled yet');
        }
        return result;
      });
    },

    /** A prepayment that nobody has confirmed in time: canceled at Stripe, or credited if it turns out to be paid (P2). */
    async abandonPrepayment(ref: { accountId: string; paymentId: string }): Promise<{ done: boolean }> {
      return heartbeating(async () => {
        const payment = await requirePayment(ref);
        return { done: payment.status !== 'requires_action' || (await cancel(payment, 'canceled')) };
      });
    },

    /** The PaymentIntent of a reload that closed unpaid. `done` is false when Stripe can't say yet. */
    async cancelPayment(asked: AskedFrom & { paymentId: string }): Promise<{ done: boolean; snapshot: Snapshot }> {
      return heartbeating(async () => {
        const done = await cancel(await requirePayment(asked), 'canceled');
        return { done, snapshot: await inSnapshot(deps, asked) };
      });
    },
  };
}
