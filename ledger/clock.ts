/**
 * The database's time, as this process can tell it without asking: times from outside are compared with times in rows, so one clock
 * must be right for all processes, and that is the database's. It is measured beside what a process asks Postgres anyway.
 */
import type { Db } from './db';

export type Clock = {
  /** The database's time in epoch milliseconds, whole; this process's own until it was measured. */
  now(): number;
  /** By how many milliseconds the database's clock is ahead of this process's (negative: behind); null until it was measured. */
  skewMs(): number | null;
  /**
   * Whether this process's own clock has run ahead of its durations since the database last answered: the machine was suspended,
   * which no duration counts, or its clock was set. What is known may be older than it seems, until the database answers again.
   */
  mayHaveSlept(): boolean;
  /**
   * Notes that the database is asked now. The function that is returned takes the time at which the database has answered,
   * and tells when it was asked, by the clock as it is then.
   */
  asking(): (databaseMs: number) => number;
};

export type ClockOptions = {
  /** This process's own clock, in epoch milliseconds; it may be wrong, and may jump. @default Date.now */
  now?: () => number;
  /** Milliseconds that never jump. @default performance.now */
  elapsed?: () => number;
};

/** Two good clocks drift apart by no more than this: an old measurement is less sure by so much for each millisecond of its age. */
const DRIFT = 500e-6;

/** More than a clock that is corrected gains between two answers. */
const SLEPT_MS_MIN = 5_000;

/** `aheadMs`: the database's time minus `elapsed`, known to within `errorMs` when it was measured at `atMs` of `elapsed`. */
type Measured = { aheadMs: number; errorMs: number; atMs: number };

/**
 * The database has answered somewhere between question and answer, so a round trip is known to within half its length. The
 * surest measurement is kept until another is as sure. One that contradicts it shows that a clock was set, and replaces it at once.
 */
export function createClock({ now = Date.now, elapsed = () => performance.now() }: ClockOptions = {}): Clock {
  let measured: Measured | null = null;
  /** This process's own time minus `elapsed`, when the database was asked what it has answered last. */
  let ownAheadMs = Infinity;

  function isBetter(fresh: Measured, known: Measured): boolean {
    const knownErrorMs = known.errorMs + (fresh.atMs - known.atMs) * DRIFT;
    const isContradiction = Math.abs(fresh.aheadMs - known.aheadMs) > fresh.errorMs + knownErrorMs;
    return isContradiction || fresh.errorMs <= knownErrorMs;
  }

  const exactNow = (): number => (measured === null ? now() : measured.aheadMs + elapsed());

  return {
    now: () => Math.floor(exactNow()),
    skewMs: () => (measured === null ? null : Math.round(exactNow() - now())),
    mayHaveSlept: () => now() - elapsed() - ownAheadMs > SLEPT_MS_MIN,
    asking() {
      const askedMs = elapsed();
      const askedOwnAheadMs = now() - askedMs;
      return (databaseMs) => {
        const atMs = elapsed();
        // Of the question: what was asked before a suspension and answered after it tells nothing of the time between.
        ownAheadMs = askedOwnAheadMs;
        const fresh = { aheadMs: databaseMs - (askedMs + atMs) / 2, errorMs: (atMs - askedMs) / 2, atMs };
        if (measured === null || isBetter(fresh, measured)) measured = fresh;
        return Math.floor(measured.aheadMs + askedMs);
      };
    },
  };
}

/** Asks the database for its time, for a process that asks it nothing else often enough. */
export async function measureClock(db: Db, clock: Clock): Promise<void> {
  const answered = clock.asking();
  const { rows } = await db.query<{ clock_ms: number }>({ name: 'read-clock', text: `select ${CLOCK_MS} as clock_ms` });
  answered(rows[0]!.clock_ms);
}

/** SQL: the database's time at this moment, not at the transaction's begin, in epoch milliseconds. */
export const CLOCK_MS = `(extract(epoch from clock_timestamp()) * 1000)::float8`;
