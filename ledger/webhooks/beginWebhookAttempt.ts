/** Counts a try of a webhook before it is sent, if there is a place for it (N2). */
import type { WebhookType } from '../../domain/webhook';
import { placesHeldWaitMs, webhookTurn, type EndpointHealth, type TurnAsked } from '../../domain/webhookTurn';
import type { Tx } from '../db';
import { endWebhookDelivery } from './endWebhookDelivery';
import type { WebhookBegun } from './webhookAttempt';

type Row = EndpointHealth & {
  attempts: number;
  messageId: string;
  endpointId: string;
  url: string;
  type: WebhookType;
  at: Date;
  ageMs: number;
  accountId: string;
  data: object;
  closed: string | null;
  secrets: string[] | null;
  underWay: TurnAsked['underWay'];
};

/** A place is free again after so long if its try was never recorded: longer than a try takes, and as long as Temporal waits for it. */
const PLACE_SECONDS = 30;

export type BeginOptions = {
  /** As for markDeliveriesStarted, beyond a wait. */
  patienceSeconds: number;
} & Pick<TurnAsked, 'slowToo'>;

/**
 * Takes a place, counts the try and reads what to send; or says how long to wait for a place, in milliseconds, which is no
 * try. Ends the delivery when its endpoint takes nothing any more. A try that begins anew after a crash has its own place.
 */
export async function beginWebhookAttempt(
  tx: Tx,
  deliveryId: string,
  { slowToo, patienceSeconds }: BeginOptions,
): Promise<WebhookBegun> {
  // Nothing is written: the workflow of this delivery, if it is lost, is found again no later than it was to be.
  if (!(await lockPlaces(tx, deliveryId))) return { kind: 'waits', waitMs: placesHeldWaitMs(Math.random()) };
  const row = await readDelivery(tx, deliveryId);
  if (!row) return { kind: 'ended' };
  const { accountId, type, secrets, endpointId } = row;
  if (row.closed !== null || secrets === null) {
    await endWebhookDelivery(tx, deliveryId, 'failed', null, row.closed);
    return { kind: 'ended' };
  }
  const { ageMs, underWay } = row;
  const turn = webhookTurn(row, { isTest: type === 'test', ageMs, underWay, slowToo }, Math.random());
  switch (turn.kind) {
    case 'given_up':
      await endWebhookDelivery(tx, deliveryId, 'failed', null, 'given up: the endpoint has not answered for days');
      return { kind: 'ended' };
    case 'later':
      await wait(tx, { deliveryId, endpointId, rests: row.restMs > 0, patienceSeconds, ...turn });
      return { kind: 'waits', waitMs: turn.waitMs };
    case 'now': {
      const attempt = await count(tx, { deliveryId, endpointId, accountId });
      const { messageId, url, at, data } = row;
      const payload = { type, timestamp: at.toISOString(), data: { accountId, ...data } };
      return { kind: 'begun', attempt: { deliveryId, messageId, attempt, url, secrets, payload }, slow: turn.slow };
    }
  }
}

/**
 * The account's places are counted by one at a time. False: another counts them. Nobody waits for that: it takes milliseconds,
 * but seconds where a worker froze, and those that waited would hold connections which charges need.
 */
async function lockPlaces(tx: Tx, deliveryId: string): Promise<boolean> {
  const { rows } = await tx.query<{ locked: boolean }>({
    name: 'lock-webhook-places',
    text: `select pg_try_advisory_xact_lock(hashtextextended('webhook_places/' || e.account_id, 0)) as locked
           from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id where d.id = $1`,
    values: [deliveryId],
  });
  return rows[0]?.locked ?? true;
}

async function readDelivery(tx: Tx, deliveryId: string): Promise<Row | undefined> {
  const { rows } = await tx.query<Row>({
    name: 'read-webhook-to-try',
    text: `
      select d.attempts, coalesce(n.id, d.id) as "messageId", e.id as "endpointId", e.url, coalesce(n.kind, 'test') as type,
        coalesce(n.at, d.created_at) as at, extract(epoch from now() - d.created_at)::float8 * 1000 as "ageMs",
        e.account_id as "accountId", coalesce(n.data, '{}') as data,
        case when e.removed_at is not null then 'the endpoint was removed' when e.disabled_at is not null then 'the endpoint is disabled' end as closed,
        (select array_agg(s.secret order by s.id desc) from webhook_secrets s
         where s.endpoint_id = e.id and (s.expires_at is null or s.expires_at > now())) as secrets,
        e.took_ms as "tookMs", e.unanswered,
        coalesce(extract(epoch from e.rests_until - now())::float8 * 1000, 0) as "restMs",
        coalesce(extract(epoch from e.line_ends_at - now())::float8 * 1000, 0) as "lineMs",
        (select json_build_object('endpoint', count(*) filter (where t.endpoint_id = e.id), 'account', count(*)) from webhook_tries t
         where t.account_id = e.account_id and t.delivery_id <> d.id and t.ends_at > now()) as "underWay"
      from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id left join notices n on n.id = d.notice_id
      where d.id = $1 and d.status = 'pending' for no key update of d`,
    values: [deliveryId],
  });
  return rows[0];
}

/** Returns the try's number. */
async function count(
  tx: Tx,
  { deliveryId, endpointId, accountId }: { deliveryId: string; endpointId: string; accountId: string },
): Promise<number> {
  await tx.query({
    name: 'take-webhook-place',
    text: `insert into webhook_tries (account_id, endpoint_id, delivery_id, ends_at) values ($1, $2, $3, now() + make_interval(secs => $4))
           on conflict (account_id, delivery_id) do update set ends_at = excluded.ends_at`,
    values: [accountId, endpointId, deliveryId, PLACE_SECONDS],
  });
  const { rows } = await tx.query<{ attempts: number }>({
    name: 'count-webhook-attempt',
    text: 'update webhook_deliveries set attempts = attempts + 1 where id = $1 returning attempts',
    values: [deliveryId],
  });
  return rows[0]!.attempts;
}

/** Its owner reads what it waits for, where nothing else is known of it. */
async function wait(
  tx: Tx,
  waiting: {
    deliveryId: string;
    endpointId: string;
    waitMs: number;
    lineMs: number;
    rests: boolean;
    patienceSeconds: number;
  },
): Promise<void> {
  const { deliveryId, endpointId, waitMs, lineMs, rests, patienceSeconds } = waiting;
  await tx.query({
    name: 'webhook-waits',
    text: `update webhook_deliveries set start_at = now() + make_interval(secs => $2),
             last_error = case when $3 then coalesce(last_error, 'not tried yet: the endpoint did not answer in time lately') else last_error end
           where id = $1`,
    values: [deliveryId, waitMs / 1_000 + patienceSeconds, rests],
  });
  await tx.query({
    name: 'webhook-line-ends',
    text: 'update webhook_endpoints set line_ends_at = now() + make_interval(secs => $2) where id = $1',
    values: [endpointId, lineMs / 1_000],
  });
}
