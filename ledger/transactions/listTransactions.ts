/** Lists an account's ledger lines, newest first. */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';
import { SELECT_TRANSACTIONS, toTransactionView, type LineRow, type TransactionView } from './transactionView';

/** `kinds`: null for all. Days are UTC's, both inclusive; null leaves that end open. */
export type TransactionFilter = { kinds: readonly string[] | null; from: string | null; to: string | null };

const FROM = `$5::date::timestamp at time zone 'utc'`;
const END = `($6::date + 1)::timestamp at time zone 'utc'`;
/** Where the clock was set back, or another server's went behind, a few lines stand before older ones. */
const SLACK = `interval '1 minute'`;
/** The number of the last line before a time, found by halving: lines of other days are not walked through. */
const lastBefore = (time: string): string => `(select last_sequence from balances_at($1, array[${time}]))`;

export async function listTransactions(
  db: Db,
  accountId: string,
  page: PageRequest,
  { kinds, from, to }: TransactionFilter,
): Promise<Page<TransactionView>> {
  const { rows } = await db.query<LineRow>(
    `${SELECT_TRANSACTIONS} and ($2::bigint is null or l.sequence < $2) and ($4::text[] is null or l.kind = any($4))
       and ($5::date is null or l.at >= ${FROM} and l.sequence > ${lastBefore(`${FROM} - ${SLACK}`)})
       and ($6::date is null or l.at < ${END} and l.sequence <= ${lastBefore(`${END} + ${SLACK}`)})
     order by l.sequence desc limit $3`,
    [accountId, page.after, page.limit + 1, kinds, from, to],
  );
  return toPage(rows, page.limit, (row) => String(row.sequence), toTransactionView);
}
