/** Lists accounts with holds whose time is over and that are still open. */
import type { Db } from '../db';

/** Account ids in no order, at most `limit`: those that are tried in vain do not always come before the others. */
export async function listDueHolders(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ account_id: string }>({
    name: 'list-due-holders',
    text: `select account_id from holds where status = 'open' and expires_at <= statement_timestamp()
           group by account_id order by random() limit $1`,
    values: [limit],
  });
  return rows.map((row) => row.account_id);
}
