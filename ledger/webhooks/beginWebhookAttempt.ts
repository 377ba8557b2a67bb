/** Counts a try of a webhook before it is sent (N2). */
import type { WebhookType } from '../../domain/webhook';
import type { Tx } from '../db';
import { endWebhookDelivery } from './endWebhookDelivery';
import type { WebhookBegun } from './webhookAttempt';

type Row = {
  attempts: number;
  message_id: string;
  url: string;
  type: WebhookType;
  at: Date;
  account_id: string;
  data: object;
  closed: string | null;
  secrets: string[] | null;
};

/** Counts the try and reads what to send. Ends the delivery when its endpoint takes nothing any more. */
export async function beginWebhookAttempt(tx: Tx, deliveryId: string): Promise<WebhookBegun> {
  const { rows } = await tx.query<Row>({
    name: 'begin-webhook-attempt',
    text: `
      update webhook_deliveries d set attempts = d.attempts + (e.removed_at is null and e.disabled_at is null)::int
      from webhook_endpoints e, webhook_deliveries same left join notices n on n.id = same.notice_id
      where d.id = $1 and d.status = 'pending' and same.id = d.id and e.id = d.endpoint_id
      returning d.attempts, coalesce(n.id, d.id) as message_id, e.url, coalesce(n.kind, 'test') as type, coalesce(n.at, d.created_at) as at,
        e.account_id, coalesce(n.data, '{}') as data,
        case when e.removed_at is not null then 'the endpoint was removed' when e.disabled_at is not null then 'the endpoint is disabled' end as closed,
        (select array_agg(s.secret order by s.id desc) from webhook_secrets s
         where s.endpoint_id = e.id and (s.expires_at is null or s.expires_at > now())) as secrets`,
    values: [deliveryId],
  });
  const row = rows[0];
  if (!row) return { kind: 'ended' };
  if (row.closed !== null || row.secrets === null) {
    await endWebhookDelivery(tx, deliveryId, 'failed', null, row.closed);
    return { kind: 'ended' };
  }
  const { attempts: attempt, message_id: messageId, url, type, at, account_id: accountId, data, secrets } = row;
  return {
    kind: 'begun',
    attempt: {
      deliveryId,
      messageId,
      attempt,
      url,
      secrets,
      payload: { type, timestamp: at.toISOString(), data: { accountId, ...data } },
    },
  };
}
