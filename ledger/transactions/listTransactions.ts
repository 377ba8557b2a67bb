/** Lists an account's ledger lines, newest first, or reads one. */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';
import { toTransactionView, type LineRow, type TransactionView } from './transactionView';

// The key of a payment's line names its PaymentIntent, which names the receipt.
const select = `
  select l.sequence, l.kind, l.amount_nano, l.balance_after_nano, l.reference, l.description, l.at, p.receipt_url
  from ledger_lines l left join payments p on l.counterparty = 'payments' and p.payment_intent_id = substr(l.key, length('pi/') + 1)
  where l.account_id = $1`;

export async function listTransactions(db: Db, accountId: string, page: PageRequest): Promise<Page<TransactionView>> {
  const { rows } = await db.query<LineRow>(
    `${select} and ($2::bigint is null or l.sequence < $2) order by l.sequence desc limit $3`,
    [accountId, page.after, page.limit + 1],
  );
  return toPage(rows, page.limit, (row) => String(row.sequence), toTransactionView);
}

export async function readTransaction(db: Db, accountId: string, sequence: number): Promise<TransactionView | null> {
  const { rows } = await db.query<LineRow>(`${select} and l.sequence = $2`, [accountId, sequence]);
  return rows[0] ? toTransactionView(rows[0]) : null;
}

/** The line of a paid PaymentIntent, or null while it is not credited. */
export async function readPaymentLine(
  db: Db,
  accountId: string,
  paymentIntentId: string,
): Promise<TransactionView | null> {
  const { rows } = await db.query<LineRow>(`${select} and l.key = 'pi/' || $2 and l.kind <> 'usage'`, [
    accountId,
    paymentIntentId,
  ]);
  return rows[0] ? toTransactionView(rows[0]) : null;
}
