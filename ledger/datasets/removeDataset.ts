/** Takes a dataset away from its account; what it says is erased after that. */
import type { Db } from '../db';

/** False when the account has no such dataset. */
export async function removeDataset(db: Db, accountId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update evaluation_datasets set removed_at = clock_timestamp()
     where id = $2 and account_id = $1 and removed_at is null`,
    [accountId, id],
  );
  return rowCount === 1;
}
