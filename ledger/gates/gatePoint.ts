/** A point in the database's history, and whether it continues an earlier one (S5). */

/**
 * A point in the database's history to read on from: a snapshot says which transactions had finished by then, as a
 * `pg_snapshot`. Snapshots and versions only grow within an `epoch`: one life of one server with this table. Any restore
 * begins another: a base backup, a snapshot of the disk or a failover with the start of a server, a dump with a database
 * or table of its own. A start that lost nothing does too: nothing tells it apart.
 */
export type GatePoint = { snapshot: string; epoch: string };

export const GATE_POINT = `select pg_current_snapshot()::text as snapshot,
  to_hex((extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint) || '-' || oid || '-' || pg_relation_filenode('balances') as epoch
  from pg_database where datname = current_database()`;

/** The oldest transaction that had not finished: short enough to be told to clients, who come back with it. */
export const markOf = ({ snapshot }: GatePoint): string => snapshot.slice(0, snapshot.indexOf(':'));

/** The point at which all transactions before the mark had finished, and no other. */
export const toGatePoint = (mark: string, epoch: string): GatePoint => ({ snapshot: `${mark}:${mark}:`, epoch });

/** Whether a later look has the same history before it as an earlier one. */
export const goesOn = (earlier: GatePoint, later: GatePoint): boolean =>
  earlier.epoch === later.epoch && BigInt(markOf(earlier)) <= BigInt(markOf(later));
