/** Applies news of a saved method: it is gone at the provider, or shows other things than it did (A11, P4). */
import { forgetPaymentMethod } from '../ledger/methods/forgetPaymentMethod';
import { syncPaymentMethod } from '../ledger/methods/syncPaymentMethod';
import { withPaymentLock } from '../ledger/payments/paymentLock';
import type { SyncDeps } from './deps';
import { nothingOfOurs, type AppliedNews } from './news';

/**
 * Alone on this method, so that nobody stores what an earlier look has shown after a later one.
 * @param updatedByNetwork see `PaymentNews`
 */
export async function applyMethodNews(
  { pool, provider }: SyncDeps,
  methodId: string,
  updatedByNetwork: boolean,
): Promise<AppliedNews> {
  return withPaymentLock(pool, methodId, async (locked) => {
    const seen = await provider.seeMethod(methodId);
    if (!seen?.customerId) {
      const accountId = await locked.transaction((tx) => forgetPaymentMethod(tx, methodId));
      return accountId === null ? nothingOfOurs('foreign') : { outcome: 'removed', accountId, methodsChanged: true };
    }
    const synced = await locked.transaction((tx) => syncPaymentMethod(tx, seen.card, updatedByNetwork));
    if (synced.kind === 'foreign') return nothingOfOurs('foreign');
    return synced.kind === 'same'
      ? nothingOfOurs('nothing new')
      : { outcome: 'noted', accountId: synced.accountId, methodsChanged: true };
  });
}
