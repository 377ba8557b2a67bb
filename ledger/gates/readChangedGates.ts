/** Reads the gates that have changed since an earlier look (S5). */
import type { GateFields } from '../accounts/position';
import { CLOCK_MS } from '../clock';
import type { Db } from '../db';
import { GATE_COLUMNS, type GateRow, toGateFields } from './gate';
import { type GatePoint, GATE_POINT } from './gatePoint';

/**
 * Every gate whose change was not visible at the earlier point, the point it was read at, and the database's time then. A
 * row carries the id of the transaction that changed it. Not visible is a transaction that had not finished by then, or
 * had not begun: so a change that commits late is never skipped, and while an older transaction stays open, the changes
 * since its beginning are not read again at every look. An index finds both kinds. The ids are constants to the planner:
 * those of a subquery would make it read the whole table where few transactions have changed most gates.
 * @param limit reads no more gates than this; then the point says nothing
 */
export async function readChangedGates(
  db: Db,
  since: GatePoint,
  limit: number | null = null,
): Promise<{ gates: GateFields[]; point: GatePoint; databaseMs: number }> {
  const { rows } = await db.query<
    GatePoint & { clock_ms: number } & { [Column in keyof GateRow]: GateRow[Column] | null }
  >({
    name: 'read-changed-gates',
    text: `select s.snapshot, s.epoch, s.clock_ms, ${GATE_COLUMNS} from (select *, ${CLOCK_MS} as clock_ms from (${GATE_POINT}) p) s
           left join (
             select ${GATE_COLUMNS} from balances where gate_changed_xid >= pg_snapshot_xmax($1::text::pg_snapshot)
             union all
             select ${GATE_COLUMNS} from balances where gate_changed_xid = any (string_to_array(split_part($1, ':', 3), ',')::xid8[])
             limit $2) b on true`,
    values: [since.snapshot, limit],
  });
  const { snapshot, epoch, clock_ms: databaseMs } = rows[0]!;
  return {
    point: { snapshot, epoch },
    databaseMs,
    gates: rows.filter((row): row is typeof row & GateRow => row.account_id !== null).map(toGateFields),
  };
}
