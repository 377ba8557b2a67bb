/** How many tokens an account's open jobs have enqueued for a model (L3). */
import type { Db } from '../db';
import { OPEN_STATUSES } from './batch';

export async function sumReservedTokens(db: Db, accountId: string, model: string): Promise<number> {
  const { rows } = await db.query<{ tokens: bigint }>(
    `select coalesce(sum(reserved_tokens), 0)::bigint as tokens from batches
     where account_id = $1 and model_id = $2 and status in ${OPEN_STATUSES}`,
    [accountId, model],
  );
  return Number(rows[0]!.tokens);
}
