/** How many requests of an account's batches were handed out in the last minute, against its limit (L5, L6). */
import { lowestLimit, type LimitKey } from '../../domain/limits';
import type { Db, Tx } from '../db';
import { limitColumns, readLimit, toLimit, type LimitRow } from '../limits/readLimit';

const KEY: LimitKey = 'batch.requests_per_minute';
/** Counted by whole seconds, the one that is half over included: so no minute, wherever it begins, has more than the limit. */
const WINDOW = `interval '61 seconds'`;
/** Apart from other advisory locks. */
const LOCK_CLASS = 345;

// By now(), which is the same for all rows of a statement: an index is not searched by a clock that moves on.
export const LIST_EXHAUSTED = `
  with claimed as (
    select account_id, sum(requests)::bigint as requests from batch_claims
    where second > now() - ${WINDOW} group by account_id having sum(requests) >= $2)
  select a.id, c.requests, ${limitColumns('$1')} from claimed c join accounts a on a.id = c.account_id`;

/**
 * How many may be handed out now. Claims of one account wait for each other until the transaction ends, in whatever
 * process they run, so that together they keep the limit. Who calls it has locked the job, and locks the account after it.
 */
export async function lockClaimRoom(tx: Tx, accountId: string): Promise<number> {
  await tx.query('select pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, accountId]);
  const limit = await readLimit(tx, accountId, KEY);
  return Math.max(0, limit - (await countClaims(tx, accountId)));
}

/** In the transaction that has locked the room. */
export async function recordClaims(tx: Tx, accountId: string, requests: number): Promise<void> {
  await tx.query(`delete from batch_claims where account_id = $1 and second <= clock_timestamp() - ${WINDOW}`, [
    accountId,
  ]);
  await tx.query(
    `insert into batch_claims (account_id, second, requests) values ($1, date_trunc('second', clock_timestamp()), $2)
     on conflict (account_id, second) do update set requests = batch_claims.requests + excluded.requests`,
    [accountId, requests],
  );
}

/** In the last minute. */
export async function countClaims(db: Db, accountId: string): Promise<number> {
  const { rows } = await db.query<{ requests: bigint }>(
    `select coalesce(sum(requests), 0)::bigint as requests from batch_claims
     where account_id = $1 and second > clock_timestamp() - ${WINDOW}`,
    [accountId],
  );
  return Number(rows[0]!.requests);
}

/**
 * Accounts of which nothing is handed out now: their jobs must not come before those of others. Asked at each poll of
 * each executor: limits are read of those accounts only that have claimed as much as the lowest limit there is.
 */
export async function listExhaustedAccounts(db: Db): Promise<string[]> {
  const { rows } = await db.query<LimitRow & { id: string; requests: bigint }>({
    name: 'list-exhausted-accounts',
    text: LIST_EXHAUSTED,
    values: [KEY, lowestLimit(KEY)],
  });
  return rows.filter((row) => Number(row.requests) >= toLimit(KEY, row)).map(({ id }) => id);
}
