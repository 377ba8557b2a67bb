/** Options are checked when the client is made: a mistake such as `Number(undefined)` must not become a limit that limits nothing. */

/** Node's timers take no more, and fire at once when given more. */
export const TIMER_MS_MAX = 2_147_483_647;

/** Throws a `RangeError` that names the option and its range. */
export function inRange(name: string, value: number, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new RangeError(`${name} is ${value}: it must be ${max === Infinity ? `at least ${min}` : `from ${min} to ${max}`}.`);
}

/** Whether it resolved in time. A time without end may be given as Infinity. */
export async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), Math.min(ms, TIMER_MS_MAX))));
  const inTime = work.then(() => true);
  return (ms === Infinity ? inTime : Promise.race([inTime, late])).finally(() => clearTimeout(timer));
}
