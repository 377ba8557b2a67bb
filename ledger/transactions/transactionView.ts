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

// The key of a payment's line names its PaymentIntent, which names the receipt.
/** Of the account $1. */
export const SELECT_TRANSACTIONS = `
  select l.sequence, l.kind, l.amount_nano, l.balance_after_nano, l.reference, l.description, l.at, p.receipt_url
  from ledger_lines l left join payments p on l.counterparty = 'payments' and p.payment_intent_id = substr(l.key, length('pi/') + 1)
  where l.account_id = $1`;
