/** The endpoints to which an account's notices go as webhooks, and the secrets that sign for them (N2). */
import { SECRET_OVERLAP_HOURS, SECRETS_MAX, WEBHOOK_ENDPOINTS_MAX, type WebhookEvent } from '../../domain/webhook';
import { requireOpenAccount } from '../accounts/requireOpenAccount';
import type { Db, Tx } from '../db';

export type WebhookEndpoint = {
  id: string;
  url: string;
  events: WebhookEvent[];
  createdAt: Date;
  /** Set once the endpoint has answered 410: nothing more is sent to it. */
  disabled: { at: Date; because: string } | null;
};
export type NewEndpoint = { accountId: string; url: string; events: readonly WebhookEvent[]; secret: string };
export type EndpointAdded = { kind: 'added'; id: string } | { kind: 'no_account' } | { kind: 'too_many' };

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

/** Adds an endpoint with its first secret; one at a time per account, so that the limit holds. */
export async function addEndpoint(tx: Tx, { accountId, url, events, secret }: NewEndpoint): Promise<EndpointAdded> {
  const { rowCount } = await tx.query('select 1 from accounts where id = $1 for no key update', [accountId]);
  if (rowCount === 0) return { kind: 'no_account' };
  await requireOpenAccount(tx, accountId);
  if ((await listEndpoints(tx, accountId)).length >= WEBHOOK_ENDPOINTS_MAX) return { kind: 'too_many' };
  const { rows } = await tx.query<{ id: string }>(
    'insert into webhook_endpoints (account_id, url, events) values ($1, $2, $3) returning id',
    [accountId, url, events],
  );
  const { id } = rows[0]!;
  await tx.query('insert into webhook_secrets (endpoint_id, secret) values ($1, $2)', [id, secret]);
  return { kind: 'added', id };
}

/** Removes the endpoint and forgets its secrets. Returns false when the account has no such endpoint. */
export async function removeEndpoint(tx: Tx, accountId: string, endpointId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'update webhook_endpoints set removed_at = now() where id = $2 and account_id = $1 and removed_at is null',
    [accountId, endpointId],
  );
  if (rowCount === 0) return false;
  await tx.query('delete from webhook_secrets where endpoint_id = $1', [endpointId]);
  return true;
}

/**
 * Puts a new secret in force. The ones before it go on signing for SECRET_OVERLAP_HOURS from their own replacement.
 * Returns until when, or null when the account has no such endpoint.
 */
export async function rotateSecret(
  tx: Tx,
  accountId: string,
  endpointId: string,
  secret: string,
): Promise<Date | null> {
  if (!(await lockEndpoint(tx, accountId, endpointId))) return null;
  const { rows } = await tx.query<{ expires_at: Date }>(
    `update webhook_secrets set expires_at = now() + make_interval(hours => $2) where endpoint_id = $1 and expires_at is null returning expires_at`,
    [endpointId, SECRET_OVERLAP_HOURS],
  );
  await tx.query('insert into webhook_secrets (endpoint_id, secret) values ($1, $2)', [endpointId, secret]);
  await tx.query(
    `delete from webhook_secrets where endpoint_id = $1 and (expires_at <= now()
       or id not in (select id from webhook_secrets where endpoint_id = $1 order by id desc limit $2))`,
    [endpointId, SECRETS_MAX],
  );
  return rows[0]!.expires_at;
}

/** Holds the endpoint as it is until the transaction ends. */
async function lockEndpoint(tx: Tx, accountId: string, endpointId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'select 1 from webhook_endpoints where id = $2 and account_id = $1 and removed_at is null for no key update',
    [accountId, endpointId],
  );
  return rowCount === 1;
}
