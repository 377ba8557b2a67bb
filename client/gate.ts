/** May this account run inference now? Answered from memory, with known staleness and a declared policy past its limit (S5, S6). */
import { BallastError, Unreachable } from './errors.js';
import { createFreshness } from './freshness.js';
import { followGates } from './gateStream.js';
import type { Connection } from './http.js';
import { requireRange, TIMER_MS_MAX } from './limits.js';
import { createReplica, type KnownGate, type Replica } from './replica.js';
import { within } from './retry.js';
import type { Gate } from './wire.js';

/** How the replica of the gates behaves. */
export type GateOptions = {
  /** What is answered when the stream has been lost for too long: nobody is let through, or the last known answers count. Unknown accounts are never let through. @default 'fail_closed' */
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

export type GateDeps = { connection: Connection; onError(error: BallastError): void; now?(): number; wall?(): number };

export type RunningGate = GateReplica & {
  /** Takes over gates that an answer of this epoch has told, unless the replica follows another. */
  learn(gates: readonly Gate[], toldEpoch?: string): void;
  close(): Promise<void>;
};

export function createGate(
  options: GateOptions,
  { connection, onError, now = () => performance.now(), wall = Date.now }: GateDeps,
): RunningGate {
  const { policy, staleMsMax } = checked(options);
  const known = createEpochs(now);
  const freshness = createFreshness({ elapsed: now, wall });
  /** Reading the clocks costs more than the answer, so it is read once a turn of the event loop: no news comes within one. */
  let lookedAtClocks = false;
  let usable = false;
  const complete = createCompletion();
  const stream = followGates({
    connection,
    onError,
    onGates: known.takeOver,
    onEpoch: known.begin,
    onCurrent(ageMs) {
      known.complete();
      freshness.sign(ageMs);
      lookedAtClocks = false;
      complete.reached();
    },
  });

  const endTurn = (): void => void (lookedAtClocks = false);
  function isUsable(): boolean {
    if (lookedAtClocks) return usable;
    lookedAtClocks = true;
    queueMicrotask(endTurn);
    // A replica that was never complete lets nobody through, whatever the policy.
    usable = freshness.ageMs() <= (policy === 'fail_open' ? Number.MAX_VALUE : staleMsMax);
    return usable;
  }

  return {
    learn: known.learn,
    allows(accountId) {
      const gate = known.current.find(accountId);
      return gate !== undefined && gate.allowed && isUsable();
    },
    check(accountId) {
      if (!isUsable()) return { allowed: false, because: 'gate_stale' };
      const found = known.current.find(accountId);
      if (!found) return { allowed: false, because: 'unknown_account' };
      const gate = toGate(accountId, found, now(), freshness.ageMs());
      return found.allowed ? { allowed: true, gate } : { allowed: false, because: 'suspended', gate };
    },
    get(accountId) {
      const found = known.current.find(accountId);
      return found && toGate(accountId, found, now(), freshness.ageMs());
    },
    async ready(withinMs = Infinity) {
      if (!(await within(complete.wait, withinMs)))
        throw new Unreachable('the gates', new Error(`not all were known in ${withinMs} ms`));
    },
    stalenessMs: freshness.ageMs,
    get size() {
      return known.current.size;
    },
    close() {
      complete.never(new BallastError('closed', 'The client was closed before all gates were known.'));
      return stream.close();
    },
  };
}

function checked({ policy = 'fail_closed', staleMsMax = 10_000 }: GateOptions): Required<GateOptions> {
  if (policy !== 'fail_closed' && policy !== 'fail_open')
    throw new RangeError(`gate.policy is ${String(policy)}: it must be fail_closed or fail_open.`);
  requireRange('gate.staleMsMax', staleMsMax, 1, TIMER_MS_MAX);
  return { policy, staleMsMax };
}

/** Whether all gates are known: reached once, or never. */
function createCompletion(): { wait: Promise<void>; reached(): void; never(error: BallastError): void } {
  let reached = (): void => undefined;
  let never = (_error: BallastError): void => undefined;
  const wait = new Promise<void>((resolve, reject) => {
    reached = resolve;
    never = reject;
  });
  wait.catch(() => undefined); // told to whoever waits, if anybody does
  return { wait, reached, never };
}

type Epochs = {
  /** Answers. */
  readonly current: Replica;
  /** Takes over gates of this epoch, unless another one is followed. */
  learn(gates: readonly Gate[], toldEpoch?: string): void;
  /** Takes over gates of the epoch that began last. */
  takeOver(gates: readonly Gate[]): void;
  begin(epoch: string | undefined): void;
  /** All gates of the epoch are known: from now on it answers. */
  complete(): void;
};

/** Versions can be compared within an epoch; another one begins when the API's database was restored. */
function createEpochs(now: () => number): Epochs {
  let epoch: string | undefined;
  let current = createReplica();
  /** Of a new epoch: takes the place of the current one when it is complete. Until then the known answers are used, and grow stale. */
  let coming: Replica | null = null;

  function learnInto(replica: Replica, gates: readonly Gate[]): void {
    const nowMs = now();
    for (const gate of gates) replica.learn(gate, nowMs);
  }

  const takeOver = (gates: readonly Gate[]): void => learnInto(coming ?? current, gates);

  return {
    get current() {
      return current;
    },
    learn(gates, toldEpoch) {
      if (toldEpoch !== epoch) return;
      // Versions of two epochs can't be compared: until the new one is complete, the answer that came last counts.
      if (coming) for (const { accountId } of gates) current.forget(accountId);
      if (coming) learnInto(current, gates);
      takeOver(gates);
    },
    takeOver,
    begin(told) {
      if (told === epoch) return;
      epoch = told;
      coming = createReplica();
    },
    complete() {
      current = coming ?? current;
      coming = null;
    },
  };
}

/** The gate as the API tells it. @param ageMs how long ago it was last known to be right */
const toGate = (
  accountId: string,
  { allowed, state, reasons, version, retryAtMs }: KnownGate,
  nowMs: number,
  ageMs: number,
): Gate => ({
  accountId,
  allowed,
  state,
  reasons,
  version,
  ...(retryAtMs > 0 && { retryAfterSeconds: Math.max(1, Math.ceil((retryAtMs - nowMs) / 1_000)) }),
  asOf: new Date(Date.now() - Math.min(ageMs, Date.now())).toISOString(),
});
