/** What reconciliation does with one payment, one page of Checkout's or one piece of news: a sign of life, the step, its repairs. */
import { Context } from '@temporalio/activity';
import type { PaymentNews } from '../domain/payment';
import type { Repair } from '../domain/reconciliation';
import { applyCheckout } from '../payments/applyCheckout';
import { applyEvent } from '../payments/applyEvent';
import type { AppliedNews } from '../payments/news';
import { reconcilePayment } from '../payments/reconcile';
import type { Dependencies } from './dependencies';

export function createReconciler(deps: Dependencies) {
  async function reconcile(paymentIntentId: string, nowMs: number): Promise<Repair[]> {
    Context.current().heartbeat();
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

  async function reconcileAll(
    paymentIntentIds: Iterable<string>,
    nowMs: number,
  ): Promise<{ payments: number; repairs: Repair[] }> {
    const repairs: Repair[] = [];
    let payments = 0;
    for (const id of paymentIntentIds) {
      payments += 1;
      repairs.push(...(await reconcile(id, nowMs)));
    }
    return { payments, repairs };
  }

  /** A page of Checkout's of which nothing was heard. */
  async function applyEnd(sessionId: string, nowMs: number): Promise<Repair[]> {
    Context.current().heartbeat();
    return repairsOf(await applyCheckout(deps, sessionId, nowMs), sessionId);
  }

  /** News that is not about a PaymentIntent: a page of Checkout's, a method. */
  async function applyNews(news: PaymentNews, nowMs: number): Promise<{ applied: AppliedNews; repairs: Repair[] }> {
    Context.current().heartbeat();
    const applied = await applyEvent(deps, news, nowMs);
    const about = news.about === 'checkout' ? news.sessionId : news.about === 'method' ? news.methodId : news.eventId;
    return { applied, repairs: repairsOf(applied, about) };
  }

  return { reconcileAll, applyNews, applyEnd };
}

function repairsOf({ outcome, accountId }: AppliedNews, about: string): Repair[] {
  if (outcome === 'credited') return [{ kind: 'credited', accountId, about }];
  return outcome === 'noted' || outcome === 'saved' || outcome === 'removed'
    ? [{ kind: 'noted', accountId, about }]
    : [];
}
