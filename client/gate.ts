/** May this account run inference now? Answered from memory, with known staleness and a declared policy past its limit (S5, S6). */
import { BallastError, Unreachable } from './errors.js';
import { followGates } from './gateStream.js';
import type { Connection } from './http.js';
import { requireRange, TIMER_MS_MAX } from './limits.js';
import { createReplica, type KnownGate, type Replica } from './replica.js';
import { within } from './retry.js';
import type { Gate } from './wire.js';

/** How the replica of the gates behaves. */
export type GateOptions = {
  /** What stands when the stream was lost for too long: nobody is let through, or the last known answers. Unknown accounts never are. @default 'fail_closed' */
  policy?: 'fail_closed' | 'fail_open';
  /** The API sends a sign of life each 5 s. @default 10_000 */
  staleMsMax?: number;
};

/** The gate's answer with its reason. `suspended` carries Ballast's own answer; the other two are the replica's. */
export type Verdict =
  | { allowed: true; gate: Gate }
  | { allowed: false; because: 'suspended'; gate: Gate }
  | { allowed: false; because: 'unknown_account' | 'gate_stale' };

/** The gates of all accounts, in this process. */
export type GateReplica = {
  /** Whether the account may run inference now. Synchronous: no I/O, no allocation. */
  allows(accountId: string): boolean;
  /** The same with the reason, for an answer to people. */
  check(accountId: string): Verdict;
  /** The last known gate, however old, or undefined. */
  get(accountId: string): Gate | undefined;
  /** Resolves when all gates are known; until then nobody is let through. Rejects with `Unreachable` when that takes longer. @param withinMs @default Infinity */
  ready(withinMs?: number): Promise<void>;
  /** How long ago the replica was known to be complete and right, in milliseconds; Infinity before it ever was. */
  stalenessMs(): number;
  /** Accounts known. */
  readonly size: number;
};

export type GateDeps = { connection: Connection; onError(error: BallastError): void; now?(): number };

export type RunningGate = GateReplica & {
  /** Takes over gates that an answer of this epoch has told, unless the replica follows another. */
  learn(gates: readonly Gate[], toldEpoch?: string): void;
  close(): Promise<void>;
};

export function createGate(
  options: GateOptions,
  { connection, onError, now = () => performance.now() }: GateDeps,
): RunningGate {
  const { policy = 'fail_closed', staleMsMax = 10_000 } = options;
  if (policy !== 'fail_closed' && policy !== 'fail_open')
    throw new RangeError(`gate.policy is ${String(policy)}: it must be fail_closed or fail_open.`);
  requireRange('gate.staleMsMax', staleMsMax, 1, TIMER_MS_MAX);
  let replica = createReplica();
  /** Of a new epoch: takes the replica's place when it is complete. Until then the known answers stand, and grow stale. */
  let coming: Replica | null = null;
  let freshMs = -Infinity;
  /** Versions can be compared within an epoch; another one begins when the API's database was restored. */
  let epoch: string | undefined;
  /** Reading the clock costs more than the answer, so it is read once a turn of the event loop: no news comes within one. */
  let lookedAtClock = false;
  let usable = false;
  let becomeReady = (): void => undefined;
  let neverReady = (_error: BallastError): void => undefined;
  const complete = new Promise<void>((resolve, reject) => {
    becomeReady = resolve;
    neverReady = reject;
  });
  complete.catch(() => undefined); // told to whoever waits, if anybody does
  const stream = followGates({
    connection,
    onError,
    onGates: takeOver,
    onEpoch(told) {
      if (told === epoch) return;
      epoch = told;
      coming = createReplica();
    },
    onCurrent(ageMs) {
      replica = coming ?? replica;
      coming = null;
      freshMs = Math.max(freshMs, now() - ageMs);
      lookedAtClock = false;
      becomeReady();
    },
  });

  function learn(gates: readonly Gate[], toldEpoch?: string): void {
    if (toldEpoch !== epoch) return;
    // Versions of two epochs can't be compared: until the new one is complete, the newest word stands.
    if (coming) for (const { accountId } of gates) replica.forget(accountId);
    if (coming) learnInto(replica, gates);
    takeOver(gates);
  }

  function takeOver(gates: readonly Gate[]): void {
    learnInto(coming ?? replica, gates);
  }

  function learnInto(known: Replica, gates: readonly Gate[]): void {
    const nowMs = now();
    for (const gate of gates) known.learn(gate, nowMs);
  }

  const endTurn = (): void => void (lookedAtClock = false);
  function isUsable(): boolean {
    if (lookedAtClock) return usable;
    lookedAtClock = true;
    queueMicrotask(endTurn);
    // A replica that was never complete lets nobody through, whatever the policy.
    usable = policy === 'fail_open' ? freshMs !== -Infinity : now() - freshMs <= staleMsMax;
    return usable;
  }

  const toGate = (accountId: string, { allowed, state, reasons, version, retryAtMs }: KnownGate): Gate => ({
    accountId,
    allowed,
    state,
    reasons,
    version,
    ...(retryAtMs > 0 && { retryAfterSeconds: Math.max(1, Math.ceil((retryAtMs - now()) / 1_000)) }),
    asOf: new Date(Date.now() - Math.min(stalenessMs(), Date.now())).toISOString(),
  });

  const stalenessMs = (): number => now() - freshMs;

  return {
    learn,
    allows(accountId) {
      const known = replica.find(accountId);
      return known !== undefined && known.allowed && isUsable();
    },
    check(accountId) {
      if (!isUsable()) return { allowed: false, because: 'gate_stale' };
      const known = replica.find(accountId);
      if (!known) return { allowed: false, because: 'unknown_account' };
      const gate = toGate(accountId, known);
      return known.allowed ? { allowed: true, gate } : { allowed: false, because: 'suspended', gate };
    },
    get(accountId) {
      const known = replica.find(accountId);
      return known && toGate(accountId, known);
    },
    async ready(withinMs = Infinity) {
      if (!(await within(complete, withinMs)))
        throw new Unreachable('the gates', new Error(`not all were known in ${withinMs} ms`));
    },
    stalenessMs,
    get size() {
      return replica.size;
    },
    close() {
      neverReady(new BallastError('closed', 'The client was closed before all gates were known.'));
      return stream.close();
    },
  };
}
