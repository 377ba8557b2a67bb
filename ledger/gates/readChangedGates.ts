/** Reads the gates that may have changed since an earlier look (S5). */
import type { GateFields } from '../accounts/position';
import { CLOCK_MS } from '../clock';
import type { Db } from '../db';
import { GATE_COLUMNS, type GateRow, toGateFields } from './gate';
import { type GatePoint, GATE_POINT } from './gatePoint';

/**
 * Every gate whose change may not have been visible at the mark, the point it was read at, and the database's time then. A row carries the id of the
 * transaction that changed it; all ids below a snapshot's xmin were finished when it was taken. So a change that
 * commits late is never skipped; some are read twice, and their versions tell.
 * @param limit reads no more gates than this; then the mark says nothing
 */
export async function readChangedGates(
  db: Db,
  sinceMark: string,
  limit: number | null = null,
): Promise<{ gates: GateFields[]; point: GatePoint; databaseMs: number }> {
  const { rows } = await db.query<
    GatePoint & { clock_ms: number } & { [Column in keyof GateRow]: GateRow[Column] | null }
  >({
    name: 'read-changed-gates',
    text: `select s.mark, s.epoch, s.clock_ms, ${GATE_COLUMNS} from (select *, ${CLOCK_MS} as clock_ms from (${GATE_POINT}) p) s
           left join (select ${GATE_COLUMNS} from balances where gate_changed_xid >= $1::text::xid8 limit $2) b on true`,
    values: [sinceMark, limit],
  });
  const { mark, epoch, clock_ms: databaseMs } = rows[0]!;
  return {
    point: { mark, epoch },
    databaseMs,
    gates: rows.filter((row): row is typeof row & GateRow => row.account_id !== null).map(toGateFields),
  };
}
