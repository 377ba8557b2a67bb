/** Reads a ledger line by its number, or null. */
import type { Db } from '../db';
import { SELECT_TRANSACTIONS, toTransactionView, type LineRow, type TransactionView } from './transactionView';

export async function readTransaction(db: Db, accountId: string, sequence: number): Promise<TransactionView | null> {
  const { rows } = await db.query<LineRow>(`${SELECT_TRANSACTIONS} and l.sequence = $2`, [accountId, sequence]);
  return rows[0] ? toTransactionView(rows[0]) : null;
}
