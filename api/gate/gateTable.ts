/** Gates in memory, small, and quick to write out: what many accounts have in common is kept once. */
import { retryAfterSeconds, type GateState, type Reason } from '../../domain/gate';
import type { GateFields } from '../../ledger/accounts/position';

/** State and reasons: a handful of these serve all accounts. */
type Shape = { allowed: boolean; state: GateState; reasons: Reason[]; json: string };

export type KnownGate = {
  readonly accountId: string;
  readonly shape: Shape;
  readonly version: number;
  readonly reloadDueMs: number | null;
};

export type GateTable = {
  /** Takes over a gate; false when the known one is as new or newer. */
  learn(gate: GateFields): boolean;
  get(accountId: string): KnownGate | undefined;
  values(): IterableIterator<KnownGate>;
  forget(accountId: string): void;
  /** How many there are in each state. Counted with each change, so that asking costs nothing. */
  counts(): Readonly<Record<GateState, number>>;
};

export function createGateTable(): GateTable {
  const gates = new Map<string, KnownGate>();
  const shapes = new Map<string, Shape>();
  const counts: Record<GateState, number> = { ok: 0, low: 0, reloading: 0, suspended: 0 };

  function shapeOf(state: GateState, reasons: readonly Reason[]): Shape {
    const name = `${state} ${reasons.join(' ')}`;
    let shape = shapes.get(name);
    if (!shape) {
      const allowed = state !== 'suspended';
      shape = {
        allowed,
        state,
        reasons: [...reasons],
        json: `","allowed":${allowed},"state":"${state}","reasons":${JSON.stringify(reasons)}`,
      };
      shapes.set(name, shape);
    }
    return shape;
  }

  return {
    learn({ accountId, gateState, gateReasons, gateVersion, reloadDueMs }) {
      const known = gates.get(accountId);
      if (known && known.version >= gateVersion) return false;
      if (known) counts[known.shape.state] -= 1;
      counts[gateState] += 1;
      gates.set(accountId, { accountId, shape: shapeOf(gateState, gateReasons), version: gateVersion, reloadDueMs });
      return true;
    },
    get: (accountId) => gates.get(accountId),
    values: () => gates.values(),
    forget(accountId) {
      const known = gates.get(accountId);
      if (known) counts[known.shape.state] -= 1;
      gates.delete(accountId);
    },
    counts: () => counts,
  };
}

export const fieldsOf = ({ accountId, shape, version, reloadDueMs }: KnownGate): GateFields => ({
  accountId,
  gateState: shape.state,
  gateReasons: shape.reasons,
  gateVersion: version,
  reloadDueMs,
});

/** A moment, as number and as text: gates are told as of the last look, so one text serves many. */
export type Moment = { ms: number; text: string };

/** What JSON.stringify makes of `toGate`, without building the one or calling the other: ids and reasons need no escapes. */
export function toGateJson({ accountId, shape, version, reloadDueMs }: KnownGate, asOf: Moment): string {
  const retryAfter = reloadDueMs === null ? undefined : retryAfterSeconds(shape.reasons, reloadDueMs, asOf.ms);
  const hint = retryAfter === undefined ? '' : `,"retryAfterSeconds":${retryAfter}`;
  return `{"accountId":"${accountId}${shape.json}${hint},"version":${version},"asOf":"${asOf.text}"}`;
}
