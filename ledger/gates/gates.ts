/** Reads gates: one, all of them in pages, or those that may have changed since an earlier look (S5). */
import type { GateState, Reason } from '../../domain/gate';
import type { Db } from '../db';
import type { GateFields } from '../accounts/position';

type Row = {
  account_id: string;
  gate_state: GateState;
  gate_reasons: Reason[];
  gate_version: bigint;
  reload_due_at: Date | null;
};
const COLUMNS = 'account_id, gate_state, gate_reasons, gate_version, reload_due_at';

export async function readGate(db: Db, accountId: string): Promise<GateFields | null> {
  const { rows } = await db.query<Row>({
    name: 'read-gate',
    text: `select ${COLUMNS} from balances where account_id = $1`,
    values: [accountId],
  });
  return rows[0] ? toGateFields(rows[0]) : null;
}

/** Gates in order of account id, from after `afterId` ('' for the first page). */
export async function readGatePage(db: Db, afterId: string, limit: number): Promise<GateFields[]> {
  const { rows } = await db.query<Row>({
    name: 'read-gate-page',
    text: `select ${COLUMNS} from balances where account_id > $1 order by account_id limit $2`,
    values: [afterId, limit],
  });
  return rows.map(toGateFields);
}

/**
 * A point in the database's history to read on from. Marks and versions only grow within an `epoch`: one life of one
 * server with this table. Any restore begins another: a base backup, a snapshot of the disk or a failover with the start
 * of a server, a dump with a database or table of its own. A start that lost nothing does too: nothing tells it apart.
 */
export type GatePoint = { mark: string; epoch: string };

const POINT = `select pg_snapshot_xmin(pg_current_snapshot())::text as mark,
  to_hex((extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint) || '-' || oid || '-' || pg_relation_filenode('balances') as epoch
  from pg_database where datname = current_database()`;

export async function readGatePoint(db: Db): Promise<GatePoint> {
  const { rows } = await db.query<GatePoint>({ name: 'read-gate-point', text: POINT });
  return rows[0]!;
}

/** Whether a later look has the same history before it as an earlier one. */
export const goesOn = (earlier: GatePoint, later: GatePoint): boolean =>
  earlier.epoch === later.epoch && BigInt(earlier.mark) <= BigInt(later.mark);

/**
 * Every gate whose change may not have been visible at the mark, and the point it was read at. A row carries the id of the
 * transaction that changed it; all ids below a snapshot's xmin were finished when it was taken. So a change that
 * commits late is never skipped; some are read twice, and their versions tell.
 * @param limit reads no more gates than this; then the mark says nothing
 */
export async function readChangedGates(
  db: Db,
  sinceMark: string,
  limit: number | null = null,
): Promise<{ gates: GateFields[]; point: GatePoint }> {
  const { rows } = await db.query<GatePoint & { [Column in keyof Row]: Row[Column] | null }>({
    name: 'read-changed-gates',
    text: `select s.mark, s.epoch, ${COLUMNS} from (${POINT}) s
           left join (select ${COLUMNS} from balances where gate_changed_xid >= $1::text::xid8 limit $2) b on true`,
    values: [sinceMark, limit],
  });
  const { mark, epoch } = rows[0]!;
  return {
    point: { mark, epoch },
    gates: rows.filter((row): row is typeof row & Row => row.account_id !== null).map(toGateFields),
  };
}

function toGateFields(row: Row): GateFields {
  return {
    accountId: row.account_id,
    gateState: row.gate_state,
    gateReasons: row.gate_reasons,
    gateVersion: Number(row.gate_version),
    reloadDueMs: row.reload_due_at?.getTime() ?? null,
  };
}
