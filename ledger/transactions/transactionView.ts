/** A ledger line as it is shown: one transaction of an account. */
import type { Nano } from '../../domain/money';

export type TransactionView = {
  sequence: number;
  kind: string;
  amount: Nano;
  balanceAfter: Nano;
  reference: string;
  description: string;
  receiptUrl: string | null;
  at: Date;
};

export type LineRow = {
  sequence: bigint;
  kind: string;
  amount_nano: Nano;
  balance_after_nano: Nano;
  reference: string;
  description: string;
  receipt_url?: string | null;
  at: Date;
};

export function toTransactionView(row: LineRow): TransactionView {
  return {
    sequence: Number(row.sequence),
    kind: row.kind,
    amount: row.amount_nano,
    balanceAfter: row.balance_after_nano,
    reference: row.reference,
    description: row.description,
    receiptUrl: row.receipt_url ?? null,
    at: row.at,
  };
}
