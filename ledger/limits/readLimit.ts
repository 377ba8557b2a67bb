/** The limit that is in force for an account now (L6): asked of Postgres each time, so a raise counts at once everywhere. */
import { effectiveLimit, type LimitKey } from '../../domain/limits';
import type { Db } from '../db';

/** @param model for limits that are counted by model; a raise for it counts before one for all models */
export async function readLimit(db: Db, accountId: string, key: LimitKey, model = ''): Promise<number> {
  const { rows } = await db.query<{ tier: string; raised: bigint | null }>(
    `select a.tier, (select limit_value from limit_raises r
       where r.account_id = a.id and r.key = $2 and r.model_id in ($3, '') order by r.model_id desc limit 1) as raised
     from accounts a where a.id = $1`,
    [accountId, key, model],
  );
  if (!rows[0]) throw new Error(`there is no account ${accountId}`);
  return effectiveLimit(key, rows[0].tier, rows[0].raised === null ? null : Number(rows[0].raised));
}
