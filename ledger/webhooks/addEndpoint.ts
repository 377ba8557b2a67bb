/** Adds a webhook endpoint to an account. */
import { WEBHOOK_ENDPOINTS_MAX, type WebhookEvent } from '../../domain/webhook';
import { lockOpenAccount } from '../accounts/requireOpenAccount';
import type { Tx } from '../db';
import { listEndpoints } from './listEndpoints';

export type NewEndpoint = { accountId: string; url: string; events: readonly WebhookEvent[]; secret: string };
export type EndpointAdded = { kind: 'added'; id: string } | { kind: 'too_many'; inUse: number };

/** Adds an endpoint with its first secret; one at a time per account, so that the limit holds. Throws `not_found`, `account_closed`. */
export async function addEndpoint(tx: Tx, { accountId, url, events, secret }: NewEndpoint): Promise<EndpointAdded> {
  await lockOpenAccount(tx, accountId);
  const { length: inUse } = await listEndpoints(tx, accountId);
  if (inUse >= WEBHOOK_ENDPOINTS_MAX) return { kind: 'too_many', inUse };
  const { rows } = await tx.query<{ id: string }>(
    'insert into webhook_endpoints (account_id, url, events) values ($1, $2, $3) returning id',
    [accountId, url, events],
  );
  const { id } = rows[0]!;
  await tx.query('insert into webhook_secrets (endpoint_id, secret) values ($1, $2)', [id, secret]);
  return { kind: 'added', id };
}
