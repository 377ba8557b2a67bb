/** Acts on news of a PaymentIntent: settles what is paid, ends what is canceled (P3, P4). */
import { transaction } from '../db';
import { followIntent, type Followed } from './followIntent';
import { findPaymentOfIntent } from './payments';
import type { TakeBackDeps } from './takeBack';

/** What came of an event. */
export type FoldedNews = {
  /** For the record of events. */
  outcome: string;
  /** Whose gate and workflow should look again; null when nothing of ours was touched. */
  accountId: string | null;
  methodsChanged: boolean;
  /** Something an operator must look at. */
  alarm?: string;
};

export const nothingOfOurs = (outcome: string): FoldedNews => ({ outcome, accountId: null, methodsChanged: false });

/** What was credited before needs no look at Stripe. Needs no lock beside the account's: settling is idempotent by itself. */
export async function foldIntent(
  { pool, provider, policy }: TakeBackDeps,
  paymentIntentId: string,
  nowMs: number,
): Promise<FoldedNews> {
  const known = await findPaymentOfIntent(pool, paymentIntentId);
  if (known?.status === 'succeeded')
    return { outcome: 'credited before', accountId: known.accountId, methodsChanged: false };
  const seen = await provider.seeIntent(paymentIntentId);
  return tellFollowed(await transaction(pool, (tx) => followIntent(tx, paymentIntentId, seen, policy, nowMs)));
}

export function tellFollowed(followed: Followed): FoldedNews {
  if (followed.kind === 'foreign') return nothingOfOurs('foreign');
  const of = { accountId: followed.payment.accountId, methodsChanged: false };
  switch (followed.kind) {
    case 'credited':
      return { outcome: followed.now ? 'credited' : 'credited before', ...of };
    case 'unpaid':
      return { outcome: followed.changed ? 'noted' : 'nothing new', ...of };
    case 'set_aside':
      return { outcome: 'set aside', ...of, alarm: followed.because };
  }
}
