/** Reads all gates, page by page. */
import type { GateFields } from '../accounts/position';
import type { Db } from '../db';
import { GATE_COLUMNS, type GateRow, toGateFields } from './gate';

/** Gates in order of account id, from after `afterId` ('' for the first page). */
export async function readGatePage(db: Db, afterId: string, limit: number): Promise<GateFields[]> {
  const { rows } = await db.query<GateRow>({
    name: 'read-gate-page',
    text: `select ${GATE_COLUMNS} from balances where account_id > $1 order by account_id limit $2`,
    values: [afterId, limit],
  });
  return rows.map(toGateFields);
}
