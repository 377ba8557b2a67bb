/** A usage event: one finished inference request, with what it counted (B3, B4). */

export type UsageEvent = {
  id: string;
  accountId: string;
  model: string;
  inputTokens: number;
  /** A part of `inputTokens`, not an addition to it. */
  cachedInputTokens: number;
  outputTokens: number;
  images: number;
  imageSize: string | null;
  /** Milliseconds since the epoch: when the request was served. */
  atMs: number;
  holdId: string | null;
};

/** More than any real request has; keeps an event's cost, and any sum of a commit, within a bigint. */
export const COUNT_MAX = 1_000_000_000;
const AT_AHEAD_MS_MAX = 5 * 60_000;
const AT_AGE_MS_MAX = 30 * 24 * 60 * 60_000;

/** Why an event is not taken. `event_conflict`: its id exists with other content. */
export const REJECTION_CODES = [
  'invalid_event',
  'unknown_account',
  'account_closed',
  'unknown_model',
  'no_price',
  'at_out_of_range',
  'event_conflict',
  'unknown_hold',
  /** A result of a batch that has ended. */
  'job_ended',
  /** A successful answer of a batch that has no usage, or one that has no price. */
  'usage_missing',
] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

/** Why an `at` can't be taken, or null when it can (B4). */
export function rejectTime(atMs: number, nowMs: number): string | null {
  if (atMs > nowMs + AT_AHEAD_MS_MAX) return 'at is more than 5 minutes ahead';
  if (atMs < nowMs - AT_AGE_MS_MAX) return 'at is more than 30 days ago';
  return null;
}
