/** Adds a webhook endpoint to an account. */
import { WEBHOOK_ENDPOINTS_MAX, type WebhookEvent } from '../../domain/webhook';
import { requireOpenAccount } from '../accounts/requireOpenAccount';
import type { Tx } from '../db';
import { listEndpoints } from './listEndpoints';

export type NewEndpoint = { accountId: string; url: string; events: readonly WebhookEvent[]; secret: string };
export type EndpointAdded = { kind: 'added'; id: string } | { kind: 'no_account' } | { kind: 'too_many' };

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
