/** Whether there is such an account. */
import type { Db } from '../db';

export async function accountExists(db: Db, accountId: string): Promise<boolean> {
  const { rowCount } = await db.query('select 1 from accounts where id = $1', [accountId]);
  return rowCount === 1;
}
