/** The last known gate of every account, small and quick to read: 100,000 accounts take far less than 50 MB. */
import type { Gate, GateState, Reason } from './wire.js';

/** Without what can be told from elsewhere; strings and lists are shared between accounts. */
export type KnownGate = {
  readonly allowed: boolean;
  readonly version: number;
  readonly state: GateState;
  readonly reasons: readonly Reason[];
  /** On the replica's clock, in whole milliseconds; 0 when there is none. */
  readonly retryAtMs: number;
};

export type Replica = {
  /** Takes a gate over unless the known one is as new. */
  learn(gate: Gate, nowMs: number): void;
  find(accountId: string): KnownGate | undefined;
  forget(accountId: string): void;
  readonly size: number;
};

const STATES: Record<string, GateState | undefined> = {
  ok: 'ok',
  low: 'low',
  reloading: 'reloading',
  suspended: 'suspended',
};

export function createReplica(): Replica {
  const gates = new Map<string, KnownGate>();
  const reasonLists = new Map<string, readonly Reason[]>();

  function shared(reasons: readonly Reason[]): readonly Reason[] {
    const name = reasons.join();
    const known = reasonLists.get(name);
    if (known) return known;
    const list = Object.freeze([...reasons]);
    reasonLists.set(name, list);
    return list;
  }

  return {
    learn({ accountId, allowed, state, reasons, version, retryAfterSeconds }, nowMs) {
      const known = gates.get(accountId);
      if (known !== undefined && known.version >= version) return;
      const retryAtMs = retryAfterSeconds === undefined ? 0 : Math.ceil(nowMs + retryAfterSeconds * 1_000);
      gates.set(accountId, { allowed, version, state: STATES[state] ?? state, reasons: shared(reasons), retryAtMs });
    },
    find: (accountId) => gates.get(accountId),
    forget: (accountId) => void gates.delete(accountId),
    get size() {
      return gates.size;
    },
  };
}
