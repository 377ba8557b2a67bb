/** Reads one account as it is shown. */
import type { Db } from '../db';
import { type AccountView, type AccountViewRow, selectAccountViews, toAccountView } from './accountView';

export async function readAccount(db: Db, accountId: string): Promise<AccountView | null> {
  const { rows } = await db.query<AccountViewRow>({
    name: 'read-account',
    text: `${selectAccountViews} where a.id = $1`,
    values: [accountId],
  });
  return rows[0] ? toAccountView(rows[0]) : null;
}
