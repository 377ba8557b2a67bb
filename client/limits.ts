/** Options are checked when the client is made: a mistake such as `Number(undefined)` must not become a limit that limits nothing. */

/** Node's timers take no more, and fire at once when given more. */
export const TIMER_MS_MAX = 2_147_483_647;

/** Throws a `RangeError` that names the option and its range. */
export function requireRange(name: string, value: number, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  throw new RangeError(
    `${name} is ${value}: it must be ${max === Infinity ? `at least ${min}` : `from ${min} to ${max}`}.`,
  );
}
