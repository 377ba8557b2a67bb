/** What an account may use at most, by its security tier (L6): one table, and which of it can be raised. */
import { FILE_BYTES_MAX, REQUESTS_MAX } from './batch';
import { DATASET_BYTES_MAX, DATASET_ROWS_MAX } from './dataset';

export type LimitKey =
  | 'batch.enqueued_tokens'
  | 'batch.requests_per_file'
  | 'batch.file_bytes'
  | 'batch.completion_window_hours'
  | 'batch.requests_per_minute'
  | 'realtime.requests_per_minute'
  | 'realtime.tokens_per_minute'
  | 'dedicated.endpoints'
  | 'evaluation.dataset_rows'
  | 'evaluation.dataset_bytes';

export type LimitUnit =
  'tokens' | 'requests' | 'bytes' | 'hours' | 'requests per minute' | 'tokens per minute' | 'endpoints' | 'rows';

type Tiered = {
  unit: LimitUnit;
  /** By tier; `other` is for tiers that are not named. */
  byTier: Readonly<Record<'low' | 'high' | 'other', number>>;
  /** Counted by model, and raised by model. */
  perModel?: true;
  /** Can be raised for an account, at most to so much; null: the same for everybody. */
  raisedTo: number | null;
};

const same = (limit: number): Tiered['byTier'] => ({ low: limit, high: limit, other: limit });

/**
 * Fewer than 1,000 rows and less than 1 GB are stated as what passes at most. The real-time limits are published and
 * measured; all others are enforced.
 */
export const LIMITS: Readonly<Record<LimitKey, Tiered>> = {
  'batch.enqueued_tokens': {
    unit: 'tokens',
    byTier: same(10_000_000_000),
    perModel: true,
    raisedTo: 1_000_000_000_000,
  },
  'batch.requests_per_file': { unit: 'requests', byTier: same(REQUESTS_MAX), raisedTo: null },
  'batch.file_bytes': { unit: 'bytes', byTier: same(FILE_BYTES_MAX), raisedTo: null },
  'batch.completion_window_hours': { unit: 'hours', byTier: same(24), raisedTo: null },
  'batch.requests_per_minute': {
    unit: 'requests per minute',
    byTier: { low: 600, high: 60_000, other: 6_000 },
    raisedTo: 1_000_000,
  },
  'realtime.requests_per_minute': {
    unit: 'requests per minute',
    byTier: { low: 60, high: 6_000, other: 600 },
    raisedTo: 1_000_000,
  },
  'realtime.tokens_per_minute': {
    unit: 'tokens per minute',
    byTier: { low: 200_000, high: 20_000_000, other: 2_000_000 },
    raisedTo: 10_000_000_000,
  },
  'dedicated.endpoints': { unit: 'endpoints', byTier: { low: 1, high: 20, other: 5 }, raisedTo: 1_000 },
  'evaluation.dataset_rows': { unit: 'rows', byTier: same(DATASET_ROWS_MAX), raisedTo: null },
  'evaluation.dataset_bytes': { unit: 'bytes', byTier: same(DATASET_BYTES_MAX), raisedTo: null },
};

export const LIMIT_KEYS = Object.keys(LIMITS) as LimitKey[];

/** What the tier gives. */
export function tierLimit(key: LimitKey, tier: string): number {
  const { byTier } = LIMITS[key];
  return tier === 'low' || tier === 'high' ? byTier[tier] : byTier.other;
}

/** No account's limit is below this one. */
export const lowestLimit = (key: LimitKey): number => Math.min(...Object.values(LIMITS[key].byTier));

/** A raise never lowers what the tier gives. */
export const effectiveLimit = (key: LimitKey, tier: string, raised: number | null): number =>
  Math.max(tierLimit(key, tier), raised ?? 0);
