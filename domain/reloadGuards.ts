/** The guards on reloads (A12): so many in an hour, and so much in a calendar month, which is UTC's. */

export type ReloadGuard = 'monthly_limit' | 'breaker';

export const BREAKER_RELOADS_MAX = 10;
export const BREAKER_WINDOW_MS = 3_600_000;

/** When the month of a time ends, in epoch milliseconds: from then on another month's limit counts. */
export function monthEndMs(atMs: number): number {
  const at = new Date(atMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
}
