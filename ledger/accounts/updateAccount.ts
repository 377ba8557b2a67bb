/** Changes an account's name or tier. */
import type { Db } from '../db';

/** Returns false when there is no such account, or it is being closed. */
export async function updateAccount(
  db: Db,
  accountId: string,
  change: { name?: string; tier?: string },
): Promise<boolean> {
  const { rowCount } = await db.query(
    'update accounts set name = coalesce($2, name), tier = coalesce($3, tier) where id = $1 and closing_at is null',
    [accountId, change.name, change.tier],
  );
  return rowCount === 1;
}
