/** Endpoints and what became of their webhooks, for tests beside the API. */
import type { Pool } from 'pg';
import { WEBHOOK_RETRY_DELAYS_MS, type WebhookEvent } from '../../domain/webhook';
import { transaction } from '../../ledger/db';
import { addEndpoint } from '../../ledger/webhooks/addEndpoint';

export const SECRET = `whsec_${Buffer.from('s'.repeat(32)).toString('base64')}`;
export const TRIES_MAX = WEBHOOK_RETRY_DELAYS_MS.length + 1;

export async function registerEndpoint(
  pool: Pool,
  accountId: string,
  url: string,
  events: WebhookEvent[] = ['*'],
  secret = SECRET,
): Promise<string> {
  const added = await transaction(pool, (tx) => addEndpoint(tx, { accountId, url, events, secret }));
  if (added.kind !== 'added') throw new Error(`the endpoint was not added: ${added.kind}`);
  return added.id;
}

export type WebhookRow = {
  id: string;
  url: string;
  kind: string | null;
  status: string;
  attempts: number;
  last_status: number | null;
  last_error: string | null;
};

/** The account's, oldest first. */
export async function readWebhooks(pool: Pool, accountId: string): Promise<WebhookRow[]> {
  const { rows } = await pool.query<WebhookRow>(
    `select d.id, e.url, n.kind, d.status, d.attempts, d.last_status, d.last_error
     from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id left join notices n on n.id = d.notice_id
     where e.account_id = $1 order by d.created_at, e.url`,
    [accountId],
  );
  return rows;
}
