/** Lists limit requests, newest first: of one account, or of all for the admins. */
import type { LimitRequestStatus } from '../../domain/limitRequest';
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';
import { SELECT_LIMIT_REQUESTS, toLimitRequest, type LimitRequest, type LimitRequestRow } from './limitRequest';

export type LimitRequestFilter = { accountId?: string | undefined; status?: LimitRequestStatus | undefined };

export async function listLimitRequests(
  db: Db,
  { accountId, status }: LimitRequestFilter,
  page: PageRequest,
): Promise<Page<LimitRequest>> {
  const { rows } = await db.query<LimitRequestRow>(
    `${SELECT_LIMIT_REQUESTS}
     where ($1::text is null or q.account_id = $1) and ($2::text is null or q.status = $2)
       and ($3::uuid is null or (q.created_at, q.id) < (select created_at, id from limit_requests where id = $3))
     order by q.created_at desc, q.id desc limit $4`,
    [accountId ?? null, status ?? null, page.after, page.limit + 1],
  );
  return toPage(rows, page.limit, (row) => row.id, toLimitRequest);
}
