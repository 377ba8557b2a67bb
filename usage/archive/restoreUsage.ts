/** Brings an archived month of usage events back into the database (B8), for a time. */
import { join } from 'node:path';
import type { Pool } from 'pg';
import { transaction } from '../../ledger/db';
import { listArchives } from '../../ledger/usage/listArchives';
import { restoreUsageMonth } from '../../ledger/usage/restoreUsageMonth';
import { checksumOf, readLines } from './archiveFile';

export type Restoring = {
  /** As the owner of the tables: the service's own role may not put events into the past. */
  pool: Pool;
  folder: string;
  /** UTC, such as 2026-09. */
  month: string;
  keptDays: number;
};
/** `leftOut`: events whose ids were posted again after the month had left. The newer ones are kept; the older are in the file only. */
export type Restored = { events: number; leftOut: number };

/**
 * Restores all of the month's events or none, except those whose ids were posted again (B3). Lines and sums include them
 * already and stay as they are. A repeated call changes only how long the month is kept. Posting waits only at the end,
 * when the month's table is attached.
 */
export async function restoreUsage({ pool, folder, month, keptDays }: Restoring): Promise<Restored> {
  const archive = (await listArchives(pool, 'all')).find((one) => one.month === month);
  if (!archive) throw new Error(`There is no archive of the usage of ${month}.`);
  const path = join(folder, archive.file);
  const found = await checksumOf(path);
  if (found !== archive.sha256) throw new Error(`${path} has the checksum ${found}, not ${archive.sha256}.`);
  const leftOut = await transaction(pool, (tx) => restoreUsageMonth(tx, archive, keptDays, () => readLines(path)));
  return { events: archive.events - leftOut, leftOut };
}
