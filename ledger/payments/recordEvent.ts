/** Records one of Stripe's events: what came, and what it did (P4). */
import type { Db } from '../db';
import type { PaymentNews } from '../../domain/payment';

/**
 * After its effect, which a repeat does not repeat: a crash between the two only makes the event be looked at again. Of
 * simultaneous deliveries the one that credited is kept, whichever is recorded first. What was foreign when it came first
 * is not so for good.
 */
export async function recordEvent(
  db: Db,
  news: PaymentNews,
  { outcome, accountId }: { outcome: string; accountId: string | null },
): Promise<void> {
  await db.query(
    `insert into stripe_events as e (id, type, about, account_id, outcome) values ($1, $2, $3, $4, $5)
     on conflict (id) do update set outcome = excluded.outcome, account_id = excluded.account_id
       where e.outcome = 'foreign' or e.outcome = 'credited before' and excluded.outcome = 'credited'`,
    [news.eventId, news.type, aboutOf(news), accountId, outcome],
  );
}

function aboutOf(news: PaymentNews): string {
  switch (news.about) {
    case 'intent':
      return news.paymentIntentId;
    case 'taken_back':
      return news.paymentIntentId ?? '';
    case 'checkout':
      return news.sessionId;
    case 'customer':
      return news.customerId;
    case 'method':
      return news.methodId;
  }
}
