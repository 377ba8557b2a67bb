/** Charging as activities: each is a step in a payment's life, and the snapshot after it (A6, A7, P2). */
import type { AskedFrom, Snapshot } from '../domain/accountState';
import type { Attempt } from '../ledger/reloads/beginAttempt';
import { abandonPrepayment, cancelPayment } from '../payments/cancel';
import { charge, chargePrepayment, type ChargeResult } from '../payments/charge';
import { requirePayment } from '../payments/requirePayment';
import type { Dependencies } from './dependencies';
import { inSnapshot } from './inSnapshot';

export const createChargingActivities = (deps: Dependencies) => ({
  /** One method of one attempt of a reload. The snapshot tells what became of it. */
  async chargeReload({ knownRevision, ...attempt }: Attempt & AskedFrom): Promise<Snapshot> {
    await charge(deps, attempt);
    return inSnapshot(deps, { accountId: attempt.accountId, knownRevision });
  },

  /** A prepayment with a saved method. Declined, it is canceled at Stripe, so that nothing pays it later (P2). */
  async chargePrepayment(attempt: Attempt): Promise<ChargeResult> {
    return chargePrepayment(deps, attempt);
  },

  /** A prepayment that nobody has confirmed in time: canceled at Stripe, or credited if it turns out to be paid (P2). */
  async abandonPrepayment(ref: { accountId: string; paymentId: string }): Promise<{ done: boolean }> {
    return { done: await abandonPrepayment(deps, ref) };
  },

  /** The PaymentIntent of a reload that closed unpaid. `done` is false when Stripe can't say yet. */
  async cancelPayment(asked: AskedFrom & { paymentId: string }): Promise<{ done: boolean; snapshot: Snapshot }> {
    const done = await cancelPayment(deps, await requirePayment(deps.pool, asked), 'canceled');
    return { done, snapshot: await inSnapshot(deps, asked) };
  },
});
