/** Lists an account's ledger lines, newest first. */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';
import { SELECT_TRANSACTIONS, toTransactionView, type LineRow, type TransactionView } from './transactionView';

/** `kinds`: null for all. Days are UTC's, both inclusive; null leaves that end open. */
export type TransactionFilter = { kinds: readonly string[] | null; from: string | null; to: string | null };

export async function listTransactions(
  db: Db,
  accountId: string,
  page: PageRequest,
  { kinds, from, to }: TransactionFilter,
): Promise<Page<TransactionView>> {
  const { rows } = await db.query<LineRow>(
    `${SELECT_TRANSACTIONS} and ($2::bigint is null or l.sequence < $2) and ($4::text[] is null or l.kind = any($4))
       and ($5::date is null or l.at >= $5::date::timestamp at time zone 'utc')
       and ($6::date is null or l.at < ($6::date + 1)::timestamp at time zone 'utc')
     order by l.sequence desc limit $3`,
    [accountId, page.after, page.limit + 1, kinds, from, to],
  );
  return toPage(rows, page.limit, (row) => String(row.sequence), toTransactionView);
}
