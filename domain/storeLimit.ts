/** What one account may keep in the file store: without a bound, one account could fill the disk of all (L2, L7). */
import { limitReached, type Bounded } from './accountLimits';
import { Problem } from './errors';

export type Stored = { count: number; bytes: number };
export type StoreLimit = Stored & Pick<Bounded, 'what' | 'remedy'>;

/** Files of batches: those that were uploaded. Outputs follow from jobs that were paid for, and are not counted. */
export const FILES_LIMIT: StoreLimit = {
  count: 10_000,
  bytes: 100_000_000_000,
  what: 'uploaded files',
  remedy: 'Delete some, or wait until they expire.',
};
export const DATASETS_LIMIT: StoreLimit = {
  count: 1_000,
  bytes: 100_000_000_000,
  what: 'evaluation datasets',
  remedy: 'Delete some first.',
};
/** Of one account, in one process: each takes memory and a connection for as long as it lasts. */
export const UPLOADS_AT_ONCE_MAX = 50;
/** Fewer, as each may have 1 GB: together they are what an account may have on the disk beyond its limit. */
export const DATASET_UPLOADS_AT_ONCE_MAX = 5;

/**
 * Without a renewal for so long, whoever uploads has died, and what it has written is removed. Renewed several times within
 * it, an upload outlasts a database that is away for a minute and a half.
 */
export const UPLOAD_RESERVED_SECONDS = 120;
/** What takes longer to be written is given up. */
export const WRITING_SECONDS_MAX = 86_400;

/** OpenAI's clients would send it twice more. */
const headers = { 'x-should-retry': 'false' };

/**
 * @param bytes of one more; 0 while they are not known
 * @throws {Problem} `limit_reached` when there is no room for it
 */
export function requireRoom(stored: Stored, { count, bytes: bytesMax, what, remedy }: StoreLimit, bytes: number): void {
  if (stored.count >= count) throw limitReached({ what, remedy }, count, stored.count, headers);
  if (stored.bytes + Math.max(1, bytes) > bytesMax)
    throw new Problem(
      'limit_reached',
      `The ${what} of an account may have 0 to ${bytesMax} bytes together; they have ${stored.bytes}, and this one ${bytes || 'more'}. ${remedy}`,
      { headers, members: { limit: bytesMax, in_use: stored.bytes } },
    );
}
