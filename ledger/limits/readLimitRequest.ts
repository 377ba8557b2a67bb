/** Reads one limit request. */
import type { Db } from '../db';
import { SELECT_LIMIT_REQUESTS, toLimitRequest, type LimitRequest, type LimitRequestRow } from './limitRequest';

/** @param accountId another account's request is not found; null: of any account */
export async function readLimitRequest(
  db: Db,
  id: string,
  accountId: string | null = null,
): Promise<LimitRequest | null> {
  const { rows } = await db.query<LimitRequestRow>(
    `${SELECT_LIMIT_REQUESTS} where q.id = $1 and coalesce(q.account_id = $2, true)`,
    [id, accountId],
  );
  return rows[0] ? toLimitRequest(rows[0]) : null;
}
