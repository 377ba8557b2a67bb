/** Reads the ledger line that credited a PaymentIntent. */
import type { Db } from '../db';
import { SELECT_TRANSACTIONS, toTransactionView, type LineRow, type TransactionView } from './transactionView';

/** The line of a paid PaymentIntent, or null while it is not credited. */
export async function readPaymentLine(
  db: Db,
  accountId: string,
  paymentIntentId: string,
): Promise<TransactionView | null> {
  const { rows } = await db.query<LineRow>(`${SELECT_TRANSACTIONS} and l.key = 'pi/' || $2 and l.kind <> 'usage'`, [
    accountId,
    paymentIntentId,
  ]);
  return rows[0] ? toTransactionView(rows[0]) : null;
}
