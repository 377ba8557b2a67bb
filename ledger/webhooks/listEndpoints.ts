/** Lists an account's webhook endpoints. */
import type { Db } from '../db';
import type { WebhookEvent } from '../../domain/webhook';
import type { WebhookEndpoint } from './webhookEndpoint';

type Row = {
  id: string;
  url: string;
  events: WebhookEvent[];
  created_at: Date;
  disabled_at: Date | null;
  disabled_because: string | null;
};

/** Those in force, newest first; disabled ones too. */
export async function listEndpoints(db: Db, accountId: string): Promise<WebhookEndpoint[]> {
  const { rows } = await db.query<Row>(
    `select id, url, events, created_at, disabled_at, disabled_because from webhook_endpoints
     where account_id = $1 and removed_at is null order by created_at desc, id`,
    [accountId],
  );
  return rows.map((row) => ({
    id: row.id,
    url: row.url,
    events: row.events,
    createdAt: row.created_at,
    disabled: row.disabled_at && { at: row.disabled_at, because: row.disabled_because ?? '' },
  }));
}
