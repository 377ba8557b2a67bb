/** Takes money back out of the balance that Stripe has given back: refunds and disputes (P5). */
import type { Pool } from 'pg';
import type { Policy } from '../../domain/accountState';
import type { PaymentProvider, SeenIntent, TakenBack } from '../../domain/payment';
import type { Tx } from '../db';
import { followIntent, type Followed } from './followIntent';
import { withPaymentLock } from './paymentLock';
import { postTakenBack } from './postTakenBack';

export type TakeBackDeps = { pool: Pool; provider: PaymentProvider; policy: Policy };
export type TakenBackNews = {
  followed: Followed;
  /** Ledger lines that this call has posted. */ linesPosted: number;
  /** What it went by. */ look: PaymentLook;
};

/** A payment and what was taken back of it, read under its lock: nobody acts on an older look after a newer one. */
export type PaymentLook = { intent: SeenIntent; taken: TakenBack };

export async function lookAtPayment(provider: PaymentProvider, paymentIntentId: string): Promise<PaymentLook> {
  const [intent, taken] = await Promise.all([
    provider.seeIntent(paymentIntentId),
    provider.seeTakenBack(paymentIntentId),
  ]);
  return { intent, taken };
}

/**
 * Reads all there is at Stripe, settles the payment, and posts the difference to what the ledger says was taken back.
 * Called for any news of a refund or dispute, by anybody, in any order, any number of times. Throws what Stripe throws
 * when it can't be asked: nothing was done.
 */
export async function takeBack(
  { pool, provider, policy }: TakeBackDeps,
  paymentIntentId: string,
  nowMs: number,
): Promise<TakenBackNews> {
  return withPaymentLock(pool, paymentIntentId, async ({ transaction }) => {
    const look = await lookAtPayment(provider, paymentIntentId);
    return transaction((tx) => applyLook(tx, paymentIntentId, look, policy, nowMs));
  });
}

/** The caller holds the payment's lock, and has looked under it. */
export async function applyLook(
  tx: Tx,
  paymentIntentId: string,
  look: PaymentLook,
  policy: Policy,
  nowMs: number,
): Promise<TakenBackNews> {
  const followed = await followIntent(tx, paymentIntentId, look.intent, policy, nowMs);
  // What was never credited is not taken back.
  if (followed.kind !== 'credited') return { followed, linesPosted: 0, look };
  return { followed, linesPosted: await postTakenBack(tx, followed.payment, look.taken, policy, nowMs), look };
}
