/** How fast batches go: at full speed, or by a share of the processor while gates and usage are asked on this machine (L5). */
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setImmediate as afterOthers, setTimeout as sleep } from 'node:timers/promises';

/** What a step is of: kinds wait side by side, and a kind has its turns whatever others use. */
export type StepKind = keyof typeof WAIT_MS_MAX;

export type Pace = {
  /** Whether this process has only its share of the processor now. Asked often, so it takes next to no time. */
  isSlow(): boolean;
  /**
   * Resolves when the next step of some milliseconds may be done: at full speed at once, else one of a kind after the
   * other. It is asked before a transaction or a lock is taken and before a lease begins, never while one is held.
   * @param of whose it is: those who have steps of one kind waiting take turns. @default nobody's in particular
   */
  next(kind: StepKind, of?: string): Promise<void>;
};

export const FULL_SPEED: Pace = { isSlow: () => false, next: () => Promise.resolve() };

/** What comes, piece by piece, at this pace. */
export async function* atPace<T>(pieces: AsyncIterable<T>, pace: Pace, kind: StepKind, of: string): AsyncGenerator<T> {
  for await (const piece of pieces) {
    await pace.next(kind, of);
    yield piece;
  }
}

export type Pacer = Pace & {
  /** At full speed from now on: what is under way is to end. */
  close(): void;
};

export type PacerOptions = {
  /** Touched while gates and usage are asked (api/gate/busyFile.ts). */
  file: string;
  /** Of one core, for all threads of this process. @default SHARE of the machine's cores */
  share?: number;
  /** Told for how long a step had to wait; those of a kind wait one after the other. */
  onWaited(ms: number): void;
};

/** Of the machine: a twentieth of one core where it has two. Three times as much makes gates wait (docs/performance.md). */
const SHARE = 1 / 40;
const LOOK_MS = 100;
/** For so long after a touch was seen, gates count as being asked: they touch the file four times as often. */
const BUSY_MS = 1_000;
/** Of processor time: what was left before is not saved up, or it would be used in one piece. */
const SAVED_MS_MAX = 1;
/**
 * However much else the process does, such as answering whoever does not wait: batches come to their end, and uploads
 * before their clients give up. By estimate, all kinds at these rates use about the share. A claim is dear: what it hands out comes
 * back as results, and those wait for nothing.
 */
const WAIT_MS_MAX = { claim: 500, upload: 100, download: 100, count: 100, write: 100 };
/** Of waiting. Too much that was used is made up for by the steps of so long a time. */
const OWED_MS_MAX = 500;
/** Then it looks again whether gates are still asked. */
const SLEEP_MS_MAX = 100;

/** Of a process of batches. Undefined: no file is named, and it always goes at full speed. */
export const openPacer = (file: string | undefined, onWaited: PacerOptions['onWaited']): Pacer | undefined =>
  file === undefined ? undefined : createPacer({ file, onWaited });

/** Of all threads of the process. */
function readCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Only whether the file's time changes counts, not what it is: nobody's clock need be right. */
export function createPacer({ file, share = SHARE * availableParallelism(), onWaited }: PacerOptions): Pacer {
  let touched: number | null = null;
  let isLooking = false;
  let busyUntilMs = -Infinity;
  let countedMs = performance.now();
  let countedCpuMs = readCpuMs();
  /** Processor time that may be used; below zero: so much was used too early. */
  let leftMs = 0;
  const lines = new Map<StepKind, Line>();

  const isSlow = (): boolean => performance.now() < busyUntilMs;

  function count(): void {
    const [nowMs, cpuMs] = [performance.now(), readCpuMs()];
    leftMs += share * (nowMs - countedMs) - (cpuMs - countedCpuMs);
    leftMs = Math.min(SAVED_MS_MAX, Math.max(-share * OWED_MS_MAX, leftMs));
    [countedMs, countedCpuMs] = [nowMs, cpuMs];
  }

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    const found = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    );
    isLooking = false;
    if (found !== null && touched !== null && found !== touched) slowDown();
    touched = found;
  }
  const looking = setInterval(() => void look(), LOOK_MS).unref();

  function slowDown(): void {
    if (!isSlow()) {
      // What was used at full speed is not owed.
      count();
      leftMs = 0;
    }
    busyUntilMs = performance.now() + BUSY_MS;
  }

  async function wait(msMax: number): Promise<void> {
    // Only then is it known what the step before has used.
    await afterOthers();
    const startedMs = performance.now();
    const waitedMs = (): number => performance.now() - startedMs;
    for (count(); isSlow() && leftMs < 0 && waitedMs() < msMax; count())
      await sleep(Math.min(SLEEP_MS_MAX, msMax - waitedMs(), Math.ceil(-leftMs / share)));
    onWaited(waitedMs());
  }

  function lineOf(kind: StepKind): Line {
    const line = lines.get(kind) ?? createLine(() => wait(WAIT_MS_MAX[kind]));
    lines.set(kind, line);
    return line;
  }

  return {
    isSlow,
    next: (kind, of = '') => (isSlow() ? lineOf(kind)(of) : Promise.resolve()),
    close() {
      clearInterval(looking);
      busyUntilMs = -Infinity;
    },
  };
}

/** Resolves when its turn has come. */
type Line = (of: string) => Promise<void>;

/** Turns one after the other: each waits, and then goes to whoever has had none for longest. */
function createLine(wait: () => Promise<void>): Line {
  const waiting = new Map<string, (() => void)[]>();

  async function giveTurns(): Promise<void> {
    while (waiting.size > 0) {
      await wait();
      const [of, [go, ...others]] = waiting.entries().next().value!;
      // Behind everybody else.
      waiting.delete(of);
      if (others.length > 0) waiting.set(of, others);
      go!();
    }
  }

  return (of) =>
    new Promise((go) => {
      const isIdle = waiting.size === 0;
      waiting.set(of, [...(waiting.get(of) ?? []), go]);
      if (isIdle) void giveTurns();
    });
}
