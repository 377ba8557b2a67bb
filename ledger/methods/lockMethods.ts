/** The lock of an account's methods is the account's own. */
import type { Tx } from '../db';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from '../accounts/position';

/** Locks the account until the transaction ends, and has its workflow read the methods again. */
export async function lockMethods(tx: Tx, accountId: string): Promise<Position> {
  const { rows } = await tx.query<PositionRow>(
    `update balances set news = news + 1 where account_id = $1 returning ${POSITION_COLUMNS}`,
    [accountId],
  );
  return toPosition(rows[0]!);
}
