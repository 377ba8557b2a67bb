/** Moves months of usage that are older than the retention from the database to files (B8). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { withArchiveLock } from '../../ledger/usage/archiveLock';
import { dropUsageMonth } from '../../ledger/usage/dropUsageMonth';
import { listArchives, type Archive } from '../../ledger/usage/listArchives';
import { listUsageMonths } from '../../ledger/usage/listUsageMonths';
import { recordArchive } from '../../ledger/usage/recordArchive';
import { sumUsage } from '../../ledger/usage/sumUsage';
import { whenFree } from '../../ledger/whenFree';
import { checksumOf } from './archiveFile';
import { writeUsageMonth } from './writeUsageMonth';

/** A drop waits 0.2 s for the tables; on a busy server it takes a few tries to find them free. */
const DROP_TRIES = { triesMax: 100, pauseMs: 150 };
const POSTINGS_PER_SUM_MAX = 200;

export type Archiving = {
  pool: Pool;
  log: Logger;
  /** Made when it is missing. Shared by all workers, and kept: only these files have what the database has no more. */
  folder: string;
  retentionMs: number;
  nowMs: number;
  signal?: AbortSignal;
};

/**
 * Archives every month that is over for the retention, and returns their names. One worker does it at a time. For each:
 * the file is written and named, its checksum recorded, the file read again, and only then the month dropped. So a stop
 * at any moment loses nothing, and the next call goes on: a file that is not recorded is held against the month, and never
 * replaced. A month that can't be archived keeps no other from it; what was the matter with the first is thrown at the end.
 * Null: another archives or restores, and how that ends is not known here.
 */
export async function archiveUsage(archiving: Archiving): Promise<string[] | null> {
  return withArchiveLock(archiving.pool, (client) => archiveMonths(client, archiving));
}

async function archiveMonths(client: PoolClient, archiving: Archiving): Promise<string[]> {
  const { log, retentionMs, nowMs, signal } = archiving;
  const known = new Map((await listArchives(client, 'all')).map((archive) => [archive.month, archive]));
  const archived: string[] = [];
  const failures: Error[] = [];
  for (const month of await listUsageMonths(client)) {
    const archive = known.get(month);
    if (signal?.aborted || endOfMonthMs(month) + retentionMs > nowMs) break;
    if (archive?.droppedAt || (archive?.keptUntil && archive.keptUntil.getTime() > nowMs)) continue;
    try {
      await archiveMonth(client, archiving, month, archive);
      archived.push(month);
      log.info({ month, file: fileOfMonth(month) }, 'a month of usage is archived');
    } catch (error) {
      failures.push(error as Error);
    }
  }
  if (failures[0]) throw failures[0];
  return archived;
}

async function archiveMonth(
  client: PoolClient,
  { folder }: Archiving,
  month: string,
  recorded: Archive | undefined,
): Promise<void> {
  const path = join(folder, fileOfMonth(month));
  let sha256 = recorded?.sha256;
  if (!recorded || !existsSync(path)) {
    const written = await writeUsageMonth(client, month, path);
    sha256 ??= written.sha256;
    await recordArchive(client, { month, file: fileOfMonth(month), ...written });
  }
  const found = await checksumOf(path);
  if (found !== sha256) throw new Error(`${path} has the checksum ${found}, not ${sha256}: the month is not dropped`);
  while ((await sumUsage(client, POSTINGS_PER_SUM_MAX)) > 0);
  await whenFree(() => dropUsageMonth(client, month), DROP_TRIES);
}

const fileOfMonth = (month: string): string => `usage-${month}.ndjson.gz`;

function endOfMonthMs(month: string): number {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return Date.UTC(year, number, 1);
}
