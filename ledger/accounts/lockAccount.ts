/** The account's lock: whoever changes an account's money, settings or reloads takes this row first and waits in line. */
import type { Tx } from '../db';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from './position';

/** Locks the account until the transaction ends and returns its position. Throws when there is no such account. */
export async function lockAccount(tx: Tx, accountId: string): Promise<Position> {
  const { rows } = await tx.query<PositionRow>(
    `select ${POSITION_COLUMNS} from balances where account_id = $1 for no key update`,
    [accountId],
  );
  if (!rows[0]) throw new Error(`there is no account ${accountId}`);
  return toPosition(rows[0]);
}
