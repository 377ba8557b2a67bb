/** Copies the reasons that are set to the account's position, where the gate is derived from them. */
import type { Tx } from '../db';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from './position';
import { raiseNews } from './raiseNews';

/** The caller holds the account's lock. The workflow is told when the reasons have changed. */
export async function copyReasons(tx: Tx, accountId: string): Promise<Position> {
  const { rowCount } = await tx.query(
    `update balances b set set_reasons = s.reasons
     from (select coalesce(array_agg(reason order by reason), '{}') as reasons from suspensions where account_id = $1) s
     where b.account_id = $1 and b.set_reasons <> s.reasons`,
    [accountId],
  );
  if (rowCount) return raiseNews(tx, accountId);
  const { rows } = await tx.query<PositionRow>(`select ${POSITION_COLUMNS} from balances where account_id = $1`, [
    accountId,
  ]);
  return toPosition(rows[0]!);
}
