/** Acts on news of a payment provider: always on what is so now, whatever the event says and whenever it comes (P4). */
import type { PaymentNews } from '../../domain/payment';
import { foldCheckout } from './foldCheckout';
import { foldIntent, nothingOfOurs, tellFollowed, type FoldedNews } from './foldIntent';
import { applyMethodNews } from './applyMethodNews';
import { takeBack, type TakeBackDeps } from './takeBack';

/** Repeated it changes nothing. Throws when provider or database can't be asked: then it should come again. */
export async function foldNews(deps: TakeBackDeps, news: PaymentNews, nowMs: number): Promise<FoldedNews> {
  switch (news.about) {
    case 'intent':
      return foldIntent(deps, news.paymentIntentId, nowMs);
    case 'taken_back': {
      // Nothing is asked for what can't be ours: not every refund at Stripe is of a PaymentIntent.
      if (news.paymentIntentId === null) return nothingOfOurs('foreign');
      const { followed, linesPosted } = await takeBack(deps, news.paymentIntentId, nowMs);
      return linesPosted > 0 ? { ...tellFollowed(followed), outcome: 'taken back' } : tellFollowed(followed);
    }
    case 'checkout':
      return foldCheckout(deps, news.sessionId, nowMs);
    case 'method':
      return applyMethodNews(deps, news.methodId, news.updatedByNetwork);
  }
}
