/** Reads one account as it is shown, or whether it exists at all. */
import { selectAccountViews, toAccountView, type AccountView, type AccountViewRow } from './accountView';
import type { Db } from '../db';

export async function readAccount(db: Db, accountId: string): Promise<AccountView | null> {
  const { rows } = await db.query<AccountViewRow>({
    name: 'read-account',
    text: `${selectAccountViews} where a.id = $1`,
    values: [accountId],
  });
  return rows[0] ? toAccountView(rows[0]) : null;
}

export async function accountExists(db: Db, accountId: string): Promise<boolean> {
  const { rowCount } = await db.query('select 1 from accounts where id = $1', [accountId]);
  return rowCount === 1;
}
