/** Reads how many tokens an account has enqueued in batches (L6). */
import { OPEN_STATUSES } from '../batches/batch';
import type { Db } from '../db';

/** By model, of models with open jobs. */
export async function readEnqueuedTokens(db: Db, accountId: string): Promise<{ model: string; tokens: number }[]> {
  const { rows } = await db.query<{ model_id: string; tokens: bigint }>(
    `select model_id, sum(reserved_tokens)::bigint as tokens from batches
     where account_id = $1 and status in ${OPEN_STATUSES} group by model_id order by model_id`,
    [accountId],
  );
  return rows.map(({ model_id: model, tokens }) => ({ model, tokens: Number(tokens) }));
}
