/** Lists the accounts whose batches have handed out as many requests in the last minute as their limits let them (L5, L6). */
import { lowestLimit, type LimitKey } from '../../domain/limits';
import type { Db } from '../db';
import { limitColumns, toLimit, type LimitRow } from '../limits/readLimit';
import { CLAIM_WINDOW } from './countClaims';

const KEY: LimitKey = 'batch.requests_per_minute';

// By now(), which is the same for all rows of a statement: an index is not searched by a clock that moves on.
export const LIST_EXHAUSTED = `
  with claimed as (
    select account_id, sum(requests)::bigint as requests from batch_claims
    where second > now() - ${CLAIM_WINDOW} group by account_id having sum(requests) >= $2)
  select a.id, c.requests, ${limitColumns('$1')} from claimed c join accounts a on a.id = c.account_id`;

/**
 * Nothing of them is handed out now: their jobs must not come before those of others. Asked at each poll of each
 * executor: limits are read of those accounts only that have claimed as much as the lowest limit there is.
 */
export async function listExhaustedAccounts(db: Db): Promise<string[]> {
  const { rows } = await db.query<LimitRow & { id: string; requests: bigint }>({
    name: 'list-exhausted-accounts',
    text: LIST_EXHAUSTED,
    values: [KEY, lowestLimit(KEY)],
  });
  return rows.filter((row) => Number(row.requests) >= toLimit(KEY, row)).map(({ id }) => id);
}
