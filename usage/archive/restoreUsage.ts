/** Brings an archived month of usage events back into the database (B8), for a time. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { Pool } from 'pg';
import { transaction, type Tx } from '../../ledger/db';
import { listArchives, type Archive } from '../../ledger/usage/listArchives';
import { lockWhenFree } from '../../ledger/whenFree';
import { ARCHIVE_LOCK, checksumOf } from './archiveUsage';

const EVENTS_AT_ONCE = 5_000;
/** Ten minutes for the tables to be free of long readers. */
const LOCK_TRIES = { triesMax: 1_200, pauseMs: 700 };

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
  return transaction(pool, async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [ARCHIVE_LOCK]);
    const { rows } = await tx.query<{ dropped: boolean; left_out: bigint }>(
      'select dropped_at is not null as dropped, left_out from usage_archives where month = $1 for update',
      [month],
    );
    const leftOut = rows[0]!.dropped ? await fillMonth(tx, path, archive) : Number(rows[0]!.left_out);
    await tx.query(
      'update usage_archives set dropped_at = null, kept_until = now() + make_interval(days => $2), left_out = $3 where month = $1',
      [month, keptDays, leftOut],
    );
    return { events: archive.events - leftOut, leftOut };
  });
}

/** Fills a table that nobody else sees, deletes the events that were posted again, and attaches the table. */
async function fillMonth(tx: Tx, path: string, archive: Archive): Promise<number> {
  const table = `usage_events_${archive.month.replace('-', '_')}`;
  // One that an earlier release has made and could not fill is empty.
  await tx.query(`drop table if exists ${table}`);
  await tx.query(
    `create table ${table} (like usage_events including defaults including constraints including indexes)`,
  );
  await insertEvents(tx, table, path, archive);
  const before = await leaveOut(tx, table, `'-infinity'`);
  // From here on nobody looks for an id, and what was posted meanwhile is among the newest. Not only the months are
  // locked: who is planning a look while a month is attached has read before which months there are. Attaching it
  // looks into the table of all other months, so that one is locked here as well.
  await lockWhenFree(tx, 'lock table only usage_events, usage_events_other in access exclusive mode', LOCK_TRIES);
  const meanwhile = await leaveOut(tx, table, `now() - interval '1 hour'`);
  const first = `${archive.month}-01T00:00:00Z`;
  const { rows } = await tx.query<{ end: string }>(
    `select to_char(($1::timestamptz at time zone 'UTC') + interval '1 month', 'YYYY-MM-DD"T00:00:00Z"') as end`,
    [first],
  );
  await tx.query(
    `alter table usage_events attach partition ${table} for values from ('${first}') to ('${rows[0]!.end}')`,
  );
  return before + meanwhile;
}

/** @param since SQL: only events that were taken from then on are looked at */
async function leaveOut(tx: Tx, table: string, since: string): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from ${table} m using usage_events u
     where usage_key(u.account_id, u.event_id) = usage_key(m.account_id, m.event_id)
       and u.account_id = m.account_id and u.event_id = m.event_id and u.taken_at >= ${since}`,
  );
  return rowCount ?? 0;
}

async function insertEvents(tx: Tx, table: string, path: string, archive: Archive): Promise<void> {
  let restored = 0;
  const insert = async (lines: string[]): Promise<void> => {
    const { rowCount } = await tx.query(
      `insert into ${table} select (json_populate_record(null::usage_events, line)).* from unnest($1::json[]) line`,
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
