/** Ends holds whose time is over: their money is available again (B5). */
import type { Db } from '../db';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from '../accounts/position';

/**
 * At most `limit` holds, those that are due the longest; the time is Postgres's, as it was when they were placed. Accounts
 * that somebody else has locked are passed over. Answers the new position of each account that got money back.
 * Simultaneous calls are harmless: each hold expires once.
 */
export async function expireHolds(db: Db, limit: number): Promise<Position[]> {
  const { rows } = await db.query<PositionRow>({
    name: 'expire-holds',
    text: `select ${POSITION_COLUMNS} from expire_holds($1)`,
    values: [limit],
  });
  return rows.map(toPosition);
}
