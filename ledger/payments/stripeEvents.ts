/** The record of Stripe's events: what came, and what it did (P4). */
import type { PaymentNews } from '../../domain/payment';
import type { Db } from '../db';
import type { FoldedNews } from './foldIntent';

/** Of these event ids, those that were acted on before. */
export async function knownEvents(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>('select id from stripe_events where id = any($1)', [ids]);
  return new Set(rows.map(({ id }) => id));
}

/** After its effect, which a repeat does not repeat: a crash between the two only makes the event be looked at again. */
export async function recordEvent(db: Db, news: PaymentNews, { outcome, accountId }: FoldedNews): Promise<void> {
  await db.query(
    'insert into stripe_events (id, type, about, account_id, outcome) values ($1, $2, $3, $4, $5) on conflict (id) do nothing',
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
    case 'method':
      return news.methodId;
  }
}
