/** Has the account's workflow read the account again: payments, methods or reasons have changed. */
import type { Tx } from '../db';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from './position';

/** Takes the account's lock. The workflow is woken by whoever commits, or by the relay. */
export async function raiseNews(tx: Tx, accountId: string): Promise<Position> {
  const { rows } = await tx.query<PositionRow>(`select ${POSITION_COLUMNS} from raise_news($1)`, [accountId]);
  return toPosition(rows[0]!);
}
