/** An account's dedicated endpoints. */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';
import { toEndpoint, type DedicatedEndpoint, type EndpointRow } from './dedicatedEndpoint';

export async function listDedicatedEndpoints(
  db: Db,
  accountId: string,
  { limit, after }: PageRequest,
): Promise<Page<DedicatedEndpoint>> {
  const { rows } = await db.query<EndpointRow>(
    `select * from dedicated_endpoints where account_id = $1 and coalesce(number < $2::bigint, true)
     order by number desc limit $3`,
    [accountId, after, limit + 1],
  );
  return toPage(rows, limit, ({ number }) => String(number), toEndpoint);
}
