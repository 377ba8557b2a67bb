/** One try of a webhook: counted before it is sent, its outcome recorded after (N2). */
import type { WebhookPayload, WebhookType } from '../../domain/webhook';
import type { Db, Tx } from '../db';

export type WebhookAttempt = {
  deliveryId: string;
  /** The same at every try and endpoint, so that receivers know a repeat. */
  messageId: string;
  /** This try's number, from 1. */
  attempt: number;
  url: string;
  /** Newest first: each signs. */
  secrets: string[];
  payload: WebhookPayload;
};

/** `ended`: nothing is to be sent any more. */
export type WebhookBegun = { kind: 'begun'; attempt: WebhookAttempt } | { kind: 'ended' };

export type WebhookOutcome =
  | { kind: 'delivered'; status: number }
  /** The endpoint says that it is gone (410): it gets nothing more. */
  | { kind: 'gone'; status: number; error: string }
  | { kind: 'put_off'; status: number | null; error: string; delaySeconds: number }
  | { kind: 'failed'; status: number | null; error: string };

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
    await end(tx, deliveryId, 'failed', null, row.closed);
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

/** @param patienceSeconds as for markStarted, beyond the delay */
export async function recordWebhookAttempt(
  tx: Tx,
  { deliveryId }: Pick<WebhookAttempt, 'deliveryId'>,
  outcome: WebhookOutcome,
  patienceSeconds: number,
): Promise<void> {
  switch (outcome.kind) {
    case 'delivered':
      return end(tx, deliveryId, 'delivered', outcome.status, null);
    case 'failed':
      return end(tx, deliveryId, 'failed', outcome.status, outcome.error);
    case 'gone':
      await end(tx, deliveryId, 'failed', outcome.status, outcome.error);
      await tx.query(
        `update webhook_endpoints e set disabled_at = now(), disabled_because = $2 from webhook_deliveries d
         where d.id = $1 and e.id = d.endpoint_id and e.disabled_at is null`,
        [deliveryId, outcome.error],
      );
      return;
    case 'put_off':
      await tx.query(
        `update webhook_deliveries set last_status = $2, last_error = $3, start_at = now() + make_interval(secs => $4)
         where id = $1 and status = 'pending'`,
        [deliveryId, outcome.status, outcome.error, outcome.delaySeconds + patienceSeconds],
      );
  }
}

/** What was delivered counts, even if a later try had begun; other ends only while nothing is decided. */
async function end(
  db: Db,
  deliveryId: string,
  status: 'delivered' | 'failed',
  lastStatus: number | null,
  error: string | null,
): Promise<void> {
  await db.query({
    name: 'end-webhook-delivery',
    text: `update webhook_deliveries set status = $2, last_status = $3, last_error = $4, ended_at = now()
           where id = $1 and (status = 'pending' or ($2 = 'delivered' and status = 'failed'))`,
    values: [deliveryId, status, lastStatus, error],
  });
}
