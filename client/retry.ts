/** When to ask again, and how long to wait: before it, and for what is under way. */
import { ApiError, type BallastError, Unreachable } from './errors.js';
import { TIMER_MS_MAX } from './limits.js';

const FIRST_MS = 100;
const LONGEST_MS = 10_000;
/** A longer Retry-After is a mistake on the way: usage must not wait for an hour. */
const RETRY_AFTER_MS_MAX = 60_000;

/** Doubles from 0.1 to 10 s, with jitter so that a fleet does not return in step; never sooner than the API asked. */
export function waitMs(failures: number, error: BallastError, random: () => number = Math.random): number {
  const grown = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 30));
  return Math.max(askedMs(error), grown * (0.5 + random() / 2));
}

/** What the API asked for by `Retry-After`, as far as that makes sense. */
export const askedMs = (error: BallastError): number =>
  Math.min(error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0, RETRY_AFTER_MS_MAX);

/** Whether the same request may well succeed later, without anybody changing anything. */
export const passes = (error: unknown): boolean =>
  error instanceof Unreachable ||
  (error instanceof ApiError && (error.status === 408 || error.status === 429 || error.status >= 500));

/** Resolves after so long, or at once when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** Whether it resolved in time. A time without end may be given as Infinity. */
export async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>(
    (resolve) => (timer = setTimeout(() => resolve(false), Math.min(ms, TIMER_MS_MAX))),
  );
  const inTime = work.then(() => true);
  return (ms === Infinity ? inTime : Promise.race([inTime, late])).finally(() => clearTimeout(timer));
}
