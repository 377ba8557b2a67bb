/** What this process knows of all gates, and how far it goes: told by its own commits, and by looks at the database. */
import type { GateFields } from '../../ledger/accounts/position';
import type { GatePoint } from '../../ledger/gates/gatePoint';
import { createGateTable, type GateTable, type KnownGate, type Moment } from './gateTable';
import { createUnmetGates } from './unmetGates';

export type KnownGates = {
  /** Takes over a gate this process has just committed or looked up; an older version than the known one changes nothing. */
  learn(gate: GateFields): void;
  table: Pick<GateTable, 'get' | 'values' | 'counts'>;
  /** When what is known was last held against the database. */
  asOf(): Moment;
  /** All changes before this point are known; null until all gates were read once, and while they are read anew. */
  point(): GatePoint | null;
  /** Whether all gates were read once, so that what is not known is no account, or a new one. */
  isComplete(): boolean;
  /** Tells of each change as soon as it is known; those of one look in one turn of the event loop, with the new `point`. */
  onChange(listener: (changed: KnownGate) => void): void;
  /** Tells when all that was known is replaced, because the database has another history. */
  onReplaced(listener: () => void): void;
  look: GateLook;
};

/** For the one who looks at the database: one look at a time, from `begin` to `end`. */
export type GateLook = {
  begin(): void;
  /** All gates will be met: they take the place of the known ones when the look has ended. */
  beginAll(): void;
  meet(gate: GateFields): void;
  /** Whether something that was learned before the look began was not met: then the database's history is another. */
  hasMissed(): boolean;
  /** What is known is of another history than the database's. All must be read anew. */
  forsake(): void;
  end(point: GatePoint, startedMs: number): void;
};

export function createKnownGates(): KnownGates {
  let table = createGateTable();
  /** Takes the table's place when it is complete: while all gates are read, the known ones are used, and grow stale (S6). */
  let coming: GateTable | null = null;
  let point: GatePoint | null = null;
  let isForeign = false;
  const unmet = createUnmetGates();
  let asOf: Moment = { ms: -Infinity, text: '' };
  let tell: (changed: KnownGate) => void = () => {};
  let tellReplaced = (): void => {};

  function learn(gate: GateFields): void {
    const isNews = (coming ?? table).learn(gate);
    if (isNews) unmet.learned(gate.accountId);
    // Versions of two histories can't be compared: until all are read, the answer that came last counts.
    if (isForeign) table.forget(gate.accountId);
    if (coming ? table.learn(gate) : isNews) tell(table.get(gate.accountId)!);
  }

  /** Streams begin again with the new history. */
  function replaceTable(complete: GateTable): void {
    table = complete;
    coming = null;
    isForeign = false;
    tellReplaced();
  }

  const look: GateLook = {
    begin: unmet.beginLook,
    beginAll() {
      unmet.clear();
      coming = createGateTable();
    },
    meet(gate) {
      const met = coming ?? table;
      if (met.learn(gate) && !coming) tell(table.get(gate.accountId)!);
      if (met.get(gate.accountId)!.version === gate.gateVersion) unmet.met(gate.accountId);
    },
    hasMissed: unmet.hasOverdue,
    forsake: () => void (isForeign = true),
    end(newPoint, startedMs) {
      point = newPoint;
      asOf = { ms: startedMs, text: new Date(startedMs).toISOString() };
      if (coming) replaceTable(coming);
    },
  };

  return {
    learn,
    table: { get: (accountId) => table.get(accountId), values: () => table.values(), counts: () => table.counts() },
    asOf: () => asOf,
    point: () => (isForeign ? null : point),
    isComplete: () => point !== null,
    onChange: (listener) => void (tell = listener),
    onReplaced: (listener) => void (tellReplaced = listener),
    look,
  };
}
