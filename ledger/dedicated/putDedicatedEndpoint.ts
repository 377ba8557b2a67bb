/** Makes a dedicated endpoint, or gives it another model (L7). */
import { lockOpenAccount } from '../accounts/requireOpenAccount';
import type { Tx } from '../db';
import { readLimit } from '../limits/readLimit';
import { countDedicatedEndpoints } from './countDedicatedEndpoints';
import { toEndpoint, type DedicatedEndpoint, type EndpointRow } from './dedicatedEndpoint';

export type PutEndpoint = { accountId: string; name: string; model: string; actor: string };
export type EndpointPut =
  | { kind: 'created' | 'changed' | 'unchanged'; endpoint: DedicatedEndpoint }
  | { kind: 'limit_reached'; limit: number; inUse: number };

/**
 * One at a time per account: the account's row is locked before its endpoints are counted, so that the limit holds
 * however many are made at once. One that is there takes nothing from the limit. Throws `not_found`, `account_closed`.
 */
export async function putDedicatedEndpoint(
  tx: Tx,
  { accountId, name, model, actor }: PutEndpoint,
): Promise<EndpointPut> {
  await lockOpenAccount(tx, accountId);
  const { rows: existing } = await tx.query<EndpointRow>(
    'select * from dedicated_endpoints where account_id = $1 and name = $2',
    [accountId, name],
  );
  if (existing[0]?.model_id === model) return { kind: 'unchanged', endpoint: toEndpoint(existing[0]) };
  if (!existing[0]) {
    const limit = await readLimit(tx, accountId, 'dedicated.endpoints');
    const inUse = await countDedicatedEndpoints(tx, accountId);
    if (inUse >= limit) return { kind: 'limit_reached', limit, inUse };
  }
  const { rows } = await tx.query<EndpointRow>(
    `insert into dedicated_endpoints (account_id, name, model_id, actor) values ($1, $2, $3, $4)
     on conflict (account_id, name) do update set model_id = excluded.model_id, actor = excluded.actor returning *`,
    [accountId, name, model, actor],
  );
  return { kind: existing[0] ? 'changed' : 'created', endpoint: toEndpoint(rows[0]!) };
}
