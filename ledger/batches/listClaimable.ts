/** Jobs that have requests to be handed out, oldest first, for executors. */
import type { Db } from '../db';
import { listExhaustedAccounts } from './claimRate';

export type ClaimableBatch = { id: string; accountId: string; model: string; endpoint: string };

/** At most `limit`; without those of accounts that may claim nothing more in this minute. */
export async function listClaimable(db: Db, limit: number): Promise<ClaimableBatch[]> {
  const { rows } = await db.query<{ id: string; account_id: string; model_id: string; endpoint: string }>(
    `select b.id, b.account_id, b.model_id, b.endpoint from batches b
     where b.status = 'in_progress' and b.account_id <> all($2) and exists (select from batch_requests r
       where r.batch_id = b.id and r.outcome is null and coalesce(r.leased_until <= clock_timestamp(), true))
     order by b.created_at, b.id limit $1`,
    [limit, await listExhaustedAccounts(db)],
  );
  return rows.map((row) => ({ id: row.id, accountId: row.account_id, model: row.model_id, endpoint: row.endpoint }));
}
