/** Lists what was sent to an endpoint, for the account's owners (N2). */
import type { WebhookType } from '../../domain/webhook';
import type { Db } from '../db';
import { type Page, type PageRequest, toPage } from '../page';

export type WebhookDeliveryView = {
  id: string;
  type: WebhookType;
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  /** What the endpoint answered last, or why it could not be asked. */
  lastStatus: number | null;
  lastError: string | null;
  at: Date;
  endedAt: Date | null;
};

/** Newest first. */
export async function listWebhookDeliveries(
  db: Db,
  accountId: string,
  endpointId: string,
  page: PageRequest,
): Promise<Page<WebhookDeliveryView>> {
  const { rows } = await db.query<WebhookDeliveryView>(
    `select d.id, coalesce(n.kind, 'test') as type, d.status, d.attempts, d.last_status as "lastStatus", d.last_error as "lastError",
       d.created_at as at, d.ended_at as "endedAt"
     from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id left join notices n on n.id = d.notice_id
     where d.endpoint_id = $2 and e.account_id = $1 and e.removed_at is null
       and ($3::uuid is null or (d.created_at, d.id) < (select created_at, id from webhook_deliveries where id = $3))
     order by d.created_at desc, d.id desc limit $4`,
    [accountId, endpointId, page.after, page.limit + 1],
  );
  return toPage(
    rows,
    page.limit,
    (row) => row.id,
    (row) => row,
  );
}
