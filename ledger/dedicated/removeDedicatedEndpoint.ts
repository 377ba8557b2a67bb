/** Removes a dedicated endpoint: another may take its place at once. */
import type { Db } from '../db';

/** False when the account has none of this name. */
export async function removeDedicatedEndpoint(db: Db, accountId: string, name: string): Promise<boolean> {
  const { rowCount } = await db.query('delete from dedicated_endpoints where account_id = $1 and name = $2', [
    accountId,
    name,
  ]);
  return rowCount === 1;
}
