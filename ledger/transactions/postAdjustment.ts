/** Posts an admin's credit or debit, once per idempotency key (B6). */
import { isClosed } from '../../domain/gate';
import type { Nano } from '../../domain/money';
import type { Tx } from '../db';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from '../accounts/position';
import { toTransactionView, type LineRow, type TransactionView } from './transactionView';

export type Adjustment = { accountId: string; amount: Nano; reason: string; idempotencyKey: string };
export type AdjustmentPosted =
  /** `repeated`: the key had posted just this before, and nothing was changed. */
  | { kind: 'posted'; repeated: boolean; line: TransactionView; position: Position }
  | { kind: 'key_reused' }
  /** It is closed, or about to be: nobody decides on a line of it any more. */
  | { kind: 'account_closed' }
  | { kind: 'not_found' };

/** Simultaneous calls wait for each other at the account's lock. The amount is not zero. */
export async function postAdjustment(
  tx: Tx,
  { accountId, amount, reason, idempotencyKey }: Adjustment,
): Promise<AdjustmentPosted> {
  const { rows: locked } = await tx.query<PositionRow>(
    `select ${POSITION_COLUMNS} from balances where account_id = $1 for no key update`,
    [accountId],
  );
  if (!locked[0]) return { kind: 'not_found' };
  const key = `adjustment/${accountId}/${idempotencyKey}`;
  const { rows: existing } = await tx.query<LineRow>(
    `select * from ledger_lines where key = $1 and kind = 'adjustment'`,
    [key],
  );
  if (existing[0] && (existing[0].amount_nano !== amount || existing[0].description !== reason))
    return { kind: 'key_reused' };
  if (!existing[0] && isClosed(locked[0].set_reasons)) return { kind: 'account_closed' };
  const { rows: lines } = await tx.query<LineRow>(
    `select (line).* from post_line($1, 'adjustment', 'adjustments', $2, $3, $3, $4)`,
    [accountId, amount, key, reason],
  );
  const { rows: positions } = await tx.query<PositionRow>(
    `select ${POSITION_COLUMNS} from balances where account_id = $1`,
    [accountId],
  );
  return {
    kind: 'posted',
    repeated: existing.length > 0,
    line: toTransactionView(lines[0]!),
    position: toPosition(positions[0]!),
  };
}
