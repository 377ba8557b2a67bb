/** The limit that is in force for an account now (L6): asked of Postgres each time, so a raise counts at once everywhere. */
import { effectiveLimit, type LimitKey } from '../../domain/limits';
import type { Db } from '../db';

export type LimitRow = { tier: string; raised: bigint | null };

/**
 * SQL, of an account `a`: the columns of a `LimitRow`.
 * @param key SQL, such as a parameter
 * @param model SQL; for limits that are counted by model: a raise for it counts before one for all models
 */
export const limitColumns = (key: string, model = `''`): string => `
  a.tier, (select limit_value from limit_raises r
    where r.account_id = a.id and r.key = ${key} and r.model_id in (${model}, '') order by r.model_id desc limit 1) as raised`;

export const toLimit = (key: LimitKey, { tier, raised }: LimitRow): number =>
  effectiveLimit(key, tier, raised === null ? null : Number(raised));

/** @param model for limits that are counted by model */
export async function readLimit(db: Db, accountId: string, key: LimitKey, model = ''): Promise<number> {
  const { rows } = await db.query<LimitRow>(`select ${limitColumns('$2', '$3')} from accounts a where a.id = $1`, [
    accountId,
    key,
    model,
  ]);
  if (!rows[0]) throw new Error(`there is no account ${accountId}`);
  return toLimit(key, rows[0]);
}
