/** Lists the limits that were raised for an account (L6). */
import type { LimitKey } from '../../domain/limits';
import type { Db } from '../db';

/** An empty model means all models. */
export async function listRaises(
  db: Db,
  accountId: string,
): Promise<{ key: LimitKey; model: string; limit: number }[]> {
  const { rows } = await db.query<{ key: LimitKey; model_id: string; limit_value: bigint }>(
    'select key, model_id, limit_value from limit_raises where account_id = $1 order by key, model_id',
    [accountId],
  );
  return rows.map((row) => ({ key: row.key, model: row.model_id, limit: Number(row.limit_value) }));
}
