/** Takes money back out of the balance that Stripe has given back: refunds and disputes (P5). */
import type { Policy } from '../domain/accountState';
import type { SeenIntent, TakenBack } from '../domain/payment';
import type { Tx } from '../ledger/db';
import { withPaymentLock } from '../ledger/payments/paymentLock';
import { postTakenBack } from '../ledger/payments/postTakenBack';
import { findPaymentOfIntent } from '../ledger/payments/findPaymentOfIntent';
import { syncQuarantine } from '../ledger/payments/syncQuarantine';
import type { SyncDeps } from './deps';
import { applySeen, finish, type Synced } from './syncIntent';

export type TakenBackNews = {
  synced: Synced;
  /** Ledger lines that this call has posted. */
  linesPosted: number;
  /** What they took in all; below zero: more came back. */
  debitedCents: number;
  /** What it went by. */
  look: PaymentLook;
};

/** A payment and what was taken back of it, read under its lock: nobody acts on an older look after a newer one. */
export type PaymentLook = { intent: SeenIntent; taken: TakenBack };

export async function lookAtPayment({ pool, provider }: SyncDeps, paymentIntentId: string): Promise<PaymentLook> {
  const known = await findPaymentOfIntent(pool, paymentIntentId);
  const [intent, taken] = await Promise.all([
    provider.seeIntent(paymentIntentId, known?.latestChargeId ?? null),
    provider.seeTakenBack(paymentIntentId),
  ]);
  return { intent, taken };
}

/**
 * Reads all there is at Stripe, credits the payment, and posts the difference to what the ledger says was taken back.
 * Called for any news of a refund or dispute, by anybody, in any order, any number of times. Throws what Stripe throws
 * when it can't be asked: nothing was done.
 */
export async function takeBack(deps: SyncDeps, paymentIntentId: string, nowMs: number): Promise<TakenBackNews> {
  const news = await withPaymentLock(deps.pool, paymentIntentId, async ({ transaction }) => {
    const look = await lookAtPayment(deps, paymentIntentId);
    return transaction((tx) => applyLook(tx, look, deps.policy, nowMs));
  });
  if (news.linesPosted > 0) deps.counts?.takenBack(news.debitedCents);
  await finish(deps, news.synced);
  return news;
}

/** The caller holds the payment's lock, and has looked under it. */
export async function applyLook(tx: Tx, look: PaymentLook, policy: Policy, nowMs: number): Promise<TakenBackNews> {
  const synced = await applySeen(tx, look.intent, policy, nowMs);
  if (synced.kind === 'ours' && synced.applied.kind === 'quarantined')
    await syncQuarantine(tx, synced.payment, leftCents(look));
  // What was never credited is not taken back.
  if (!isCredited(synced)) return { synced, linesPosted: 0, debitedCents: 0, look };
  const { lines, debitedCents } = await postTakenBack(tx, synced.payment, look.taken, policy, nowMs);
  return { synced, linesPosted: lines, debitedCents, look };
}

export const isCredited = (synced: Synced): synced is Extract<Synced, { kind: 'ours' }> =>
  synced.kind === 'ours' && synced.applied.kind === 'credited';

/** What is left at Stripe of what was paid. */
export function leftCents({ intent: { answer }, taken: { refunds, disputes } }: PaymentLook): number {
  const refunded = refunds.reduce((sum, { cents, failed }) => sum + (failed ? 0 : cents), 0);
  const withdrawn = disputes.reduce((sum, { withdrawnCents }) => sum + withdrawnCents, 0);
  return answer.kind === 'paid' ? answer.paid.receivedCents - refunded - withdrawn : 0;
}
