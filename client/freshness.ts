/** How long ago something was last known to be right, also when this machine was suspended meanwhile (S6). */
export type Freshness = {
  /** A sign of life was read that was right `ageMs` ago. */
  sign(ageMs: number): void;
  /** In milliseconds; Infinity before the first sign. */
  ageMs(): number;
};

export type Clocks = {
  /** Milliseconds that never jump, and stand still while the machine is suspended. */
  elapsed(): number;
  /** Epoch milliseconds, which may jump. */
  wall(): number;
};

/** More than a clock that is corrected gains between two signs. A clock that was set ahead counts as a suspension, until the next sign. */
const SLEPT_MS_MIN = 5_000;
/** What had come before a suspension may be read after it: what is read within this time says nothing of now. */
const LEFT_OVER_MS = 1_000;

export function createFreshness({ elapsed, wall }: Clocks): Freshness {
  let freshMs = -Infinity;
  let aheadMs = wall() - elapsed();
  let leftOverUntilMs = -Infinity;

  const sleptMs = (): number => {
    const gainedMs = wall() - elapsed() - aheadMs;
    return gainedMs > SLEPT_MS_MIN ? gainedMs : 0;
  };

  return {
    sign(ageMs) {
      const slept = sleptMs();
      if (slept > 0) {
        freshMs -= slept;
        leftOverUntilMs = elapsed() + LEFT_OVER_MS;
      }
      aheadMs = wall() - elapsed();
      if (elapsed() >= leftOverUntilMs) freshMs = Math.max(freshMs, elapsed() - ageMs);
    },
    ageMs: () => elapsed() - freshMs + sleptMs(),
  };
}
