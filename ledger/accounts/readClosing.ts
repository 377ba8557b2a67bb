/** Reads how far the closing of an account has come, and what became of its money. */
import { nano, type Nano } from '../../domain/money';
import type { Db } from '../db';

export type Closing = {
  accountId: string;
  balance: 'refund' | 'forfeit' | null;
  reason: string;
  /** Who the account is at the payment provider; null when it is deleted there, or never was. */
  customerId: string | null;
  /** Null until all of it is done. */
  closedAt: Date | null;
  /** What has gone back to the payments it came from since, less what has come back. */
  refunded: Nano;
  /** What was taken out of the balance and given to nobody: as asked, or because it could not be refunded. */
  forfeited: Nano;
};

/** The key of the ledger line that takes what is left. */
export const forfeitKeyOf = (accountId: string): string => `closing/${accountId}`;
/** What the keys of its refunds begin with: no caller can send such a key, as callers' keys are ASCII. */
export const CLOSING_REFUND = 'closing→';

/** Null for an account that is not being closed. */
export async function readClosing(db: Db, accountId: string): Promise<Closing | null> {
  const { rows } = await db.query<{
    closing_balance: Closing['balance'];
    closing_reason: string;
    stripe_customer_id: string | null;
    closed_at: Date | null;
    refunded: bigint;
    forfeited: bigint;
  }>(
    `select closing_balance, closing_reason, stripe_customer_id, closed_at,
       (select coalesce(-sum(amount_nano), 0)::bigint from ledger_lines
        where account_id = a.id and kind in ('refund', 'refund_reversal') and at between closing_at and coalesce(closed_at, 'infinity')) as refunded,
       (select coalesce(-sum(amount_nano), 0)::bigint from ledger_lines where key = $2 and kind <> 'usage') as forfeited
     from accounts a where id = $1 and closing_at is not null`,
    [accountId, forfeitKeyOf(accountId)],
  );
  const row = rows[0];
  return row
    ? {
        accountId,
        balance: row.closing_balance,
        reason: row.closing_reason,
        customerId: row.stripe_customer_id,
        closedAt: row.closed_at,
        refunded: nano(row.refunded),
        forfeited: nano(row.forfeited),
      }
    : null;
}
