/** Lists an account's ledger lines, newest first. */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';
import { SELECT_TRANSACTIONS, toTransactionView, type LineRow, type TransactionView } from './transactionView';

export async function listTransactions(db: Db, accountId: string, page: PageRequest): Promise<Page<TransactionView>> {
  const { rows } = await db.query<LineRow>(
    `${SELECT_TRANSACTIONS} and ($2::bigint is null or l.sequence < $2) order by l.sequence desc limit $3`,
    [accountId, page.after, page.limit + 1],
  );
  return toPage(rows, page.limit, (row) => String(row.sequence), toTransactionView);
}
