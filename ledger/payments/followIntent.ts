/** Brings a payment in line with what its PaymentIntent is now, whoever brings the news (P3, P4). */
import type { Policy } from '../../domain/accountState';
import type { SeenIntent } from '../../domain/payment';
import { closeReload } from '../reloads/closeReload';
import type { Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';
import { findPaymentOfIntent, markUnpaid, readPaymentById, type Payment } from './payments';
import { setAside } from './setAside';
import { settlePayment } from './settlePayment';

export type Followed =
  /** `now`: this call credited it. */
  | { kind: 'credited'; now: boolean; payment: Payment }
  /** Not paid: `changed` by this call, or as we knew it. */
  | { kind: 'unpaid'; changed: boolean; payment: Payment }
  /** Paid, but not what was asked: nothing is credited, an operator must look. */
  | { kind: 'set_aside'; payment: Payment; because: string }
  /** Not a PaymentIntent that a payment of ours stands behind. */
  | { kind: 'foreign' };

export async function followIntent(
  tx: Tx,
  paymentIntentId: string,
  seen: SeenIntent,
  policy: Policy,
  nowMs: number,
): Promise<Followed> {
  const payment = (await findPaymentOfIntent(tx, paymentIntentId)) ?? (await adopt(tx, paymentIntentId, seen.claims));
  if (!payment) return { kind: 'foreign' };
  switch (seen.state) {
    case 'paid': {
      const settlement = await settlePayment(tx, seen.paid, policy, nowMs);
      if (settlement.kind === 'credited') return { kind: 'credited', now: settlement.now, payment };
      const because =
        settlement.kind === 'set_aside'
          ? settlement.because
          : `${seen.paid.paymentIntentId} was read for ${paymentIntentId}`;
      // Once: an operator who has looked may turn auto-reload on again, and the same news may come again.
      if (isOpen(payment)) await setAside(tx, payment, because, policy, nowMs);
      return { kind: 'set_aside', payment, because };
    }
    case 'canceled':
      return { kind: 'unpaid', changed: await endUnpaid(tx, payment, nowMs), payment };
    case 'processing':
    case 'open':
      return { kind: 'unpaid', changed: await hastenLook(tx, payment, nowMs), payment };
    case 'missing':
      return { kind: 'unpaid', changed: false, payment };
  }
}

/**
 * Checkout's PaymentIntent is made when its customer pays, so its id comes with the news. All other payments store
 * theirs before anything can pay it: a second one that claims such a payment is not ours to credit.
 */
async function adopt(tx: Tx, paymentIntentId: string, claims: string | null): Promise<Payment | null> {
  if (claims === null) return null;
  const payment = await readPaymentById(tx, claims);
  if (payment?.purpose !== 'prepayment' || payment.paymentMethodId !== null) return null;
  await lockAccount(tx, payment.accountId);
  await tx.query('update payments set payment_intent_id = $2 where id = $1 and payment_intent_id is null', [
    payment.id,
    paymentIntentId,
  ]);
  return findPaymentOfIntent(tx, paymentIntentId);
}

/** Its PaymentIntent was canceled: a prepayment that was declined has failed, all else is canceled. */
async function endUnpaid(tx: Tx, payment: Payment, nowMs: number): Promise<boolean> {
  await lockAccount(tx, payment.accountId);
  const { rows } = await tx.query(
    `select 1 from payments where id = $1 and status in ('processing', 'requires_action')`,
    [payment.id],
  );
  if (rows.length === 0) return false;
  const because = 'its payment was canceled at Stripe';
  await closeReload(tx, { accountId: payment.accountId, reloadId: payment.id, state: 'canceled', because, nowMs });
  await markUnpaid(
    tx,
    payment,
    payment.purpose === 'prepayment' && payment.declineCode !== null ? 'failed' : 'canceled',
  );
  await tellWorkflow(tx, payment.accountId);
  return true;
}

/** Something has happened to a payment whose outcome is waited for: the workflow looks now, not at its next time (A9). */
async function hastenLook(tx: Tx, payment: Payment, nowMs: number): Promise<boolean> {
  if (payment.purpose !== 'reload') return false;
  await lockAccount(tx, payment.accountId);
  const now = new Date(nowMs);
  const { rowCount } = await tx.query(
    `update reloads set due_at = $2 where id = $1 and state = 'unknown' and closed_at is null and due_at > $2`,
    [payment.id, now],
  );
  if (!rowCount) return false;
  await tx.query('update balances set reload_due_at = $2 where account_id = $1', [payment.accountId, now]);
  await tellWorkflow(tx, payment.accountId);
  return true;
}

const isOpen = ({ status }: Payment): boolean => status === 'processing' || status === 'requires_action';

/** The workflow reads the account again. */
export async function tellWorkflow(tx: Tx, accountId: string): Promise<void> {
  await tx.query('update balances set news = news + 1 where account_id = $1', [accountId]);
}
