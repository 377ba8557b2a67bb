/** Jobs that have requests to be handed out, oldest first, for executors. */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';
import { LEASED_UNTIL } from './batch';
import { listExhaustedAccounts } from './listExhaustedAccounts';

export type ClaimableBatch = { id: string; accountId: string; model: string; endpoint: string };

// For each job a look at one entry of an index: requests that are with executors are not walked through.
export const LIST_CLAIMABLE = `
  select b.id, b.account_id, b.model_id, b.endpoint from batches b
  cross join lateral (
    select from batch_requests r
    where r.batch_id = b.id and r.outcome is null and ${LEASED_UNTIL} <= statement_timestamp()
    order by ${LEASED_UNTIL}, r.line limit 1) due
  where b.status = 'in_progress' and b.expires_at > statement_timestamp()
    and greatest(b.unfunded_until, b.unreadable_until) <= statement_timestamp() and b.account_id <> all($2)
    and b.model_id = coalesce($3, b.model_id)
    and (b.created_at, b.id) > (select coalesce(max(created_at), '-infinity'), coalesce(max(id), '') from batches where id = $4)
  order by b.created_at, b.id limit $1`;

/**
 * Those of one model, or of all. Without those whose next request had no money, or whose input could not be read, a moment
 * ago, and those of accounts that may claim nothing more in this minute. A page after a job that is not there is the first.
 */
export async function listClaimable(db: Db, page: PageRequest, model: string | null): Promise<Page<ClaimableBatch>> {
  const { rows } = await db.query<{ id: string; account_id: string; model_id: string; endpoint: string }>({
    name: 'list-claimable',
    text: LIST_CLAIMABLE,
    values: [page.limit + 1, await listExhaustedAccounts(db), model, page.after],
  });
  return toPage(
    rows,
    page.limit,
    ({ id }) => id,
    (row) => ({ id: row.id, accountId: row.account_id, model: row.model_id, endpoint: row.endpoint }),
  );
}
