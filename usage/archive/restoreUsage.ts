/** Brings an archived month of usage events back into the database (B8), for a time. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { Pool, PoolClient } from 'pg';
import { transaction } from '../../ledger/db';
import { listArchives, type Archive } from '../../ledger/usage/listArchives';
import { ARCHIVE_LOCK, checksumOf } from './archiveUsage';

const EVENTS_AT_ONCE = 5_000;

export type Restoring = {
  /** As the owner of the tables: the service's own role may not put events into the past. */
  pool: Pool;
  folder: string;
  /** UTC, such as 2026-09. */
  month: string;
  keptDays: number;
};

/** All of the month's events or none. Lines and sums have them already and stay as they are. Again: only the days count. */
export async function restoreUsage({ pool, folder, month, keptDays }: Restoring): Promise<{ events: number }> {
  const archive = (await listArchives(pool, 'all')).find((one) => one.month === month);
  if (!archive) throw new Error(`There is no archive of the usage of ${month}.`);
  const path = join(folder, archive.file);
  const found = await checksumOf(path);
  if (found !== archive.sha256) throw new Error(`${path} has the checksum ${found}, not ${archive.sha256}.`);
  // By itself: inside the transaction below it would keep everybody from the tables until all events are back.
  await pool.query('select create_usage_month($1)', [month]);
  await transaction(pool, async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [ARCHIVE_LOCK]);
    const { rows } = await tx.query<{ dropped: boolean }>(
      `update usage_archives a set dropped_at = null, kept_until = now() + make_interval(days => $2) from usage_archives before
       where a.month = $1 and before.month = a.month returning before.dropped_at is not null as dropped`,
      [month, keptDays],
    );
    if (rows[0]!.dropped) await insertEvents(tx, path, archive);
  });
  return { events: archive.events };
}

async function insertEvents(tx: PoolClient, path: string, archive: Archive): Promise<void> {
  let restored = 0;
  const insert = async (lines: string[]): Promise<void> => {
    const { rowCount } = await tx.query(
      'insert into usage_events select (json_populate_record(null::usage_events, line)).* from unnest($1::json[]) line',
      [lines],
    );
    restored += rowCount ?? 0;
  };
  let lines: string[] = [];
  for await (const line of createInterface({
    input: createReadStream(path).pipe(createGunzip()),
    crlfDelay: Infinity,
  })) {
    lines.push(line);
    if (lines.length < EVENTS_AT_ONCE) continue;
    await insert(lines);
    lines = [];
  }
  if (lines.length > 0) await insert(lines);
  if (restored !== archive.events) throw new Error(`${path} has ${restored} events, not ${archive.events}.`);
}
