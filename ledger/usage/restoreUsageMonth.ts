/** Puts an archived month of usage events back beside the others (B8), for a time. */
import type { Tx } from '../db';
import { lockWhenFree } from '../whenFree';
import { waitForArchiveLock } from './archiveLock';
import { MONTHS_LOCK } from './inUsageSnapshot';
import type { Archive } from './listArchives';

/** Ten minutes for the tables to be free of long readers. */
const LOCK_TRIES = { triesMax: 1_200, pauseMs: 700 };

/**
 * Restores all events but those whose ids were posted again, and answers how many were left out. A month that is there
 * already is kept longer, and nothing is read. Posting waits only at the end, when the month's table is attached. Needs
 * the owner of the tables: the service's own role may not put events into the past.
 * @param batches the events as `readUsageMonth` gave them, some thousands at a time
 */
export async function restoreUsageMonth(
  tx: Tx,
  archive: Archive,
  keptDays: number,
  batches: () => AsyncIterable<string[]>,
): Promise<number> {
  await waitForArchiveLock(tx);
  const { rows } = await tx.query<{ dropped: boolean; left_out: bigint }>(
    'select dropped_at is not null as dropped, left_out from usage_archives where month = $1 for update',
    [archive.month],
  );
  const leftOut = rows[0]!.dropped ? await fillMonth(tx, archive, batches()) : Number(rows[0]!.left_out);
  await tx.query(
    'update usage_archives set dropped_at = null, kept_until = now() + make_interval(days => $2), left_out = $3 where month = $1',
    [archive.month, keptDays, leftOut],
  );
  return leftOut;
}

/** Fills a table that nobody else sees, deletes the events that were posted again, and attaches the table. */
async function fillMonth(tx: Tx, archive: Archive, batches: AsyncIterable<string[]>): Promise<number> {
  const table = `usage_events_${archive.month.replace('-', '_')}`;
  // One that an earlier release has made and could not fill is empty.
  await tx.query(`drop table if exists ${table}`);
  await tx.query(
    `create table ${table} (like usage_events including defaults including constraints including indexes)`,
  );
  await insertEvents(tx, table, archive, batches);
  const before = await leaveOut(tx, table, `'-infinity'`);
  // A backup or a check that reads all months has this one: nobody who posts is let wait behind it for the tables.
  await lockWhenFree(tx, `select pg_advisory_xact_lock(${MONTHS_LOCK})`, LOCK_TRIES);
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

async function insertEvents(tx: Tx, table: string, archive: Archive, batches: AsyncIterable<string[]>): Promise<void> {
  let restored = 0;
  for await (const events of batches) {
    const { rowCount } = await tx.query(
      `insert into ${table} select (json_populate_record(null::usage_events, event)).* from unnest($1::json[]) event`,
      [events],
    );
    restored += rowCount ?? 0;
  }
  if (restored !== archive.events) throw new Error(`${archive.file} has ${restored} events, not ${archive.events}.`);
}
