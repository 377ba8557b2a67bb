/** Reads the gate of one account. */
import type { GateFields } from '../accounts/position';
import type { Db } from '../db';
import { GATE_COLUMNS, type GateRow, toGateFields } from './gate';

export async function readGate(db: Db, accountId: string): Promise<GateFields | null> {
  const { rows } = await db.query<GateRow>({
    name: 'read-gate',
    text: `select ${GATE_COLUMNS} from balances where account_id = $1`,
    values: [accountId],
  });
  return rows[0] ? toGateFields(rows[0]) : null;
}
