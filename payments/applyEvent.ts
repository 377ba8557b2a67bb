/** Applies an event of the payment provider: always on what is so now, whatever the event says and whenever it comes (P4). */
import type { PaymentNews } from '../domain/payment';
import { applyCheckout } from './applyCheckout';
import { applyMethodNews } from './applyMethodNews';
import { transaction } from '../ledger/db';
import { hastenCancel } from '../ledger/reloads/hastenCancel';
import { syncCustomer } from './customer';
import type { SyncDeps } from './deps';
import { newsOf, nothingOfOurs, type AppliedNews } from './news';
import { syncIntent } from './syncIntent';
import { takeBack } from './takeBack';

/** Repeated it changes nothing. Throws when provider or database can't be asked: then it should come again. */
export async function applyEvent(deps: SyncDeps, news: PaymentNews, nowMs: number): Promise<AppliedNews> {
  switch (news.about) {
    case 'intent': {
      const synced = await syncIntent(deps, news.paymentIntentId, nowMs);
      // One that could not be canceled may let itself be canceled now, or be paid soon.
      if (synced.kind === 'ours' && synced.applied.kind === 'unchanged')
        await transaction(deps.pool, (tx) => hastenCancel(tx, synced.payment, nowMs));
      return newsOf(synced);
    }
    case 'taken_back': {
      // Nothing is asked for what can't be ours: not every refund at Stripe is of a PaymentIntent.
      if (news.paymentIntentId === null) return nothingOfOurs('foreign');
      const { synced, linesPosted } = await takeBack(deps, news.paymentIntentId, nowMs);
      return linesPosted > 0 ? { ...newsOf(synced), outcome: 'taken back' } : newsOf(synced);
    }
    case 'checkout':
      return applyCheckout(deps, news.sessionId, nowMs);
    case 'customer': {
      const { accountId } = await syncCustomer(deps, news.customerId, nowMs);
      return accountId === null ? nothingOfOurs('foreign') : { outcome: 'noted', accountId, methodsChanged: true };
    }
    case 'method':
      return applyMethodNews(deps, news.methodId, news.updatedByNetwork);
  }
}
