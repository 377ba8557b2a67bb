/** Counts the dedicated endpoints that an account has (L7). */
import type { Db } from '../db';

export async function countDedicatedEndpoints(db: Db, accountId: string): Promise<number> {
  const { rows } = await db.query<{ count: bigint }>('select count(*) from dedicated_endpoints where account_id = $1', [
    accountId,
  ]);
  return Number(rows[0]!.count);
}
