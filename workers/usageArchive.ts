/** Archives usage that is older than USAGE_RETENTION: each hour, and when a worker starts (B8). */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Clock } from '../ledger/clock';
import { archiveUsage } from '../usage/archive/archiveUsage';
import { repeat } from './repeat';

const TICK_MS = 3_600_000;

export type UsageArchiveOptions = {
  pool: Pool;
  log: Logger;
  folder: string;
  retentionMs: number;
  clock: Pick<Clock, 'now'>;
  /** Told after each look, but for one while which another worker was at it. */
  onLooked?: ArchiveCounts;
};
/** Whether all that was due was archived. */
export type ArchiveCounts = (isDone: boolean) => void;

/** Several may run beside each other: one works at a time. */
export function startUsageArchive(options: UsageArchiveOptions): { stop(): Promise<void> } {
  return repeat(
    async (signal) => {
      const archived = await archiveUsage({ ...options, nowMs: options.clock.now(), signal });
      if (archived !== null) options.onLooked?.(true);
    },
    TICK_MS,
    (error) => {
      options.log.error({ error: error.message }, 'usage could not be archived; it is tried again');
      options.onLooked?.(false);
    },
  );
}
