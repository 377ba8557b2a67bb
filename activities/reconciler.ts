/** What reconciliation does with one payment, one page of Checkout's or one piece of news: the step, and its repairs. */
import type { PaymentNews } from '../domain/payment';
import type { Repair } from '../domain/reconciliation';
import { findPaymentOfIntent } from '../ledger/payments/findPaymentOfIntent';
import { keepFinding } from '../ledger/reconciliation/keepFinding';
import { applyCheckout } from '../payments/applyCheckout';
import { applyEvent } from '../payments/applyEvent';
import type { AppliedNews } from '../payments/news';
import { isOutage } from '../payments/outage';
import { reconcilePayment } from '../payments/reconcile';
import type { Dependencies } from './dependencies';

export function createReconciler(deps: Dependencies) {
  async function reconcile(paymentIntentId: string, nowMs: number): Promise<Repair[]> {
    const { repairs, alarm } = await reconcilePayment(deps, paymentIntentId, nowMs);
    for (const repair of repairs) {
      deps.counts?.repaired(repair.kind);
      const { accountId: account, ...done } = repair;
      deps.log.warn({ account, ...done }, 'reconciliation has repaired what nobody had brought');
    }
    if (alarm !== null)
      deps.log.error(
        { paymentIntentId, because: alarm },
        'reconciliation can not explain a payment: an operator must look at it',
      );
    return repairs;
  }

  /** One that Ballast fails on holds up no other: it is kept and shown, so that each run tries it again. */
  async function reconcileApart(paymentIntentId: string, nowMs: number): Promise<Repair[]> {
    try {
      return await reconcile(paymentIntentId, nowMs);
    } catch (error) {
      if (isOutage(error)) throw error;
      const accountId = (await findPaymentOfIntent(deps.pool, paymentIntentId))?.accountId ?? null;
      const finding = { kind: 'not_reconciled' as const, accountId, detail: (error as Error).message };
      await keepFinding(deps.pool, paymentIntentId, finding);
      deps.log.error(
        { err: error, account: accountId, paymentIntentId },
        'a payment could not be reconciled: an operator must look at it',
      );
      return [];
    }
  }

  async function reconcileAll(
    paymentIntentIds: Iterable<string>,
    nowMs: number,
  ): Promise<{ payments: number; repairs: Repair[] }> {
    const repairs: Repair[] = [];
    let payments = 0;
    for (const id of paymentIntentIds) {
      payments += 1;
      repairs.push(...(await reconcileApart(id, nowMs)));
    }
    return { payments, repairs };
  }

  /** A page of Checkout's of which nothing was heard. */
  async function applyEnd(sessionId: string, nowMs: number): Promise<Repair[]> {
    const applied = await apart(deps, sessionId, () => applyCheckout(deps, sessionId, nowMs));
    return applied === null ? [] : repairsOf(applied, sessionId);
  }

  /** News that is not about a PaymentIntent: a page of Checkout's, a method. `applied` is null where Ballast fails on it. */
  async function applyNews(
    news: PaymentNews,
    nowMs: number,
  ): Promise<{ applied: AppliedNews | null; repairs: Repair[] }> {
    const about = news.about === 'checkout' ? news.sessionId : news.about === 'method' ? news.methodId : news.eventId;
    const applied = await apart(deps, about, () => applyEvent(deps, news, nowMs));
    return { applied, repairs: applied === null ? [] : repairsOf(applied, about) };
  }

  return { reconcileAll, applyNews, applyEnd };
}

/** Null where Ballast fails on it: it holds up nothing else, and comes again. */
export async function apart<T>(
  { log }: Pick<Dependencies, 'log'>,
  about: string,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isOutage(error)) throw error;
    log.error({ err: error, about }, 'news could not be applied: an operator must look at it');
    return null;
  }
}

function repairsOf({ outcome, accountId }: AppliedNews, about: string): Repair[] {
  if (outcome === 'credited') return [{ kind: 'credited', accountId, about }];
  return outcome === 'noted' || outcome === 'saved' || outcome === 'removed'
    ? [{ kind: 'noted', accountId, about }]
    : [];
}
