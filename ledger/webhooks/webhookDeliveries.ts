/** Webhook deliveries: posted with their notice (`post_notice`) or by the test button, started by a worker, listed for owners (N2). */
import type { WebhookType } from '../../domain/webhook';
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

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

/** A delivery to try the endpoint with. Null when the account has no such endpoint in force. */
export async function postTestDelivery(db: Db, accountId: string, endpointId: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `insert into webhook_deliveries (endpoint_id)
     select id from webhook_endpoints where id = $2 and account_id = $1 and removed_at is null returning id`,
    [accountId, endpointId],
  );
  return rows[0]?.id ?? null;
}

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

/** Deliveries whose workflow is to be started, or has not been heard of in time. */
export async function deliveriesToStart(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'webhooks-to-start',
    text: `select id from webhook_deliveries where status = 'pending' and start_at <= now() order by start_at limit $1`,
    values: [limit],
  });
  return rows.map(({ id }) => id);
}

/** @param patienceSeconds after so long without news the workflow is started again: Temporal may have lost it (O4) */
export async function markStarted(db: Db, ids: readonly string[], patienceSeconds: number): Promise<void> {
  await db.query({
    name: 'webhooks-started',
    text: `update webhook_deliveries set start_at = greatest(start_at, now() + make_interval(secs => $2)) where id = any($1) and status = 'pending'`,
    values: [ids, patienceSeconds],
  });
}
