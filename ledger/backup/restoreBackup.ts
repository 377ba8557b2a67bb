/** Puts a backup in the place of all that a database has, under the processes that use it (O4). */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Pool } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { transaction, type Tx } from '../db';
import { migrate, readSchemaFiles } from '../migrate';
import { MONTHS_LOCK } from '../usage/inUsageSnapshot';
import { isLockTimeout, LOCK_TRY_MS, whenFree } from '../whenFree';
import { readManifest, tableFile, type Manifest } from './manifest';

/** At first the tables are asked for all at once, and given up when one is in use: nobody is let wait for the others. */
const TRIES = { triesMax: 20, pauseMs: 500 };
/**
 * Under steady traffic some table is always in use. Then whoever comes waits while the others finish, so long at most: who
 * holds one table and waits for another has no longer to wait than this, which is less than Postgres' `deadlock_timeout`.
 */
const WAIT_MS_MAX = 800;
const WAITING_TRIES = { triesMax: 20, pauseMs: 4_000 };
/** Longer than `deadlock_timeout` (1 s): then Postgres itself ends an autovacuum that somebody waits for. */
const AUTOVACUUM_WAIT_MS = 1_500;
const HOLDERS_SHOWN_MAX = 5;
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * One transaction, which also records that it was made: whoever asks meanwhile waits, and then finds the older state; cut
 * off, nothing has changed. An empty database is brought to the backup's schema first, and then to today's. Throws when
 * the backup is damaged, or of another schema than a database that is not empty, or when the role may not switch triggers
 * off (a superuser may); and when somebody holds a table all the time: the Error says who.
 * @param pool of the role that owns the tables
 */
export async function restoreBackup(
  pool: Pool,
  folder: string,
  { tries, waitingTries } = { tries: TRIES, waitingTries: WAITING_TRIES },
): Promise<Manifest> {
  const backup = await readManifest(folder);
  const files = readSchemaFiles();
  const unknown = backup.migrations.filter((name) => !files.migrations.some((file) => file.name === name));
  if (unknown.length > 0) throw new Error(`The backup is of a newer release, which has ${unknown.join(', ')}.`);
  if (await isEmpty(pool)) {
    const ofBackup = files.migrations.filter(({ name }) => backup.migrations.includes(name));
    await migrate(pool, { migrations: ofBackup, functions: files.functions });
  }
  await requireSameSchema(pool, backup);
  const loadAfter = (waitMsMax: number) => transaction(pool, (tx) => load(tx, backup, folder, waitMsMax));
  const names = backup.tables.map(({ name }) => name);
  await whenFree(() => loadAfter(0), tries)
    .catch((error: unknown) => {
      if (!isLockTimeout(error)) throw error;
      return whenFree(async () => {
        await cancelAutovacuum(pool, names);
        return loadAfter(WAIT_MS_MAX);
      }, waitingTries);
    })
    .catch(async (error: unknown) => {
      if (!isLockTimeout(error) || !(await listHolders(pool, names)).some(isAutovacuum)) throw error;
      return loadAfter(AUTOVACUUM_WAIT_MS);
    })
    .catch(async (error: unknown) => {
      if (!isLockTimeout(error)) throw error;
      throw new Error(
        `The tables were never free, and nothing was restored. In use by: ${inWords(await listHolders(pool, names))}. End who reads for long, or stop the APIs and workers, and restore again.`,
        { cause: error },
      );
    });
  await migrate(pool, files);
  return backup;
}

async function isEmpty(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ empty: boolean }>(`select to_regclass('migrations') is null as empty`);
  return rows[0]!.empty;
}

async function requireSameSchema(pool: Pool, { migrations }: Manifest): Promise<void> {
  const { rows } = await pool.query<{ name: string }>('select name from migrations order by name');
  const differing = rows.map(({ name }) => name).filter((name) => !migrations.includes(name));
  if (differing.length > 0)
    throw new Error(`The database has gone on to ${differing.join(', ')} since the backup: restore into an empty one.`);
}

/** `role`: null where it is Postgres itself. `name`: empty where it gave none. */
type Holder = { pid: number; role: string | null; name: string; seconds: number | null };

/** Whoever holds one of the tables, or the lock of months; the longest first. */
async function listHolders(pool: Pool, tables: string[]): Promise<Holder[]> {
  const { rows } = await pool.query<Holder>(
    `select pid, usename as role, application_name as name, extract(epoch from clock_timestamp() - xact_start)::int as seconds
     from pg_stat_activity where datname = current_database() and pid in (
       select l.pid from pg_locks l where l.granted and l.database = (select oid from pg_database where datname = current_database())
         and (l.relation in (select to_regclass(name) from unnest($1::text[]) name)
           or l.locktype = 'advisory' and (l.classid, l.objid, l.objsubid) = (0, $2::bigint::oid, 1)))
     order by xact_start`,
    [tables, MONTHS_LOCK],
  );
  return rows;
}

/** Of who works on tables here, only an autovacuum has no role. Who may not see more of it sees that. */
const isAutovacuum = ({ role }: Holder): boolean => role === null;

/** Postgres begins it again later. Only a superuser may: for another role, see AUTOVACUUM_WAIT_MS. */
async function cancelAutovacuum(pool: Pool, tables: string[]): Promise<void> {
  for (const holder of await listHolders(pool, tables))
    if (isAutovacuum(holder))
      await pool.query('select pg_cancel_backend($1)', [holder.pid]).catch((error: { code?: string }) => {
        if (error.code !== INSUFFICIENT_PRIVILEGE) throw error;
      });
}

function inWords(holders: Holder[]): string {
  const words = holders.slice(0, HOLDERS_SHOWN_MAX).map((holder) => {
    const since = holder.seconds === null ? '' : `, for ${holder.seconds} s`;
    return `${isAutovacuum(holder) ? 'autovacuum' : holder.name || 'somebody'} (pid ${holder.pid}${since})`;
  });
  return words.join(', ') || 'nobody at this moment';
}

/** All at once or not at all. @param waitMsMax for all of them together; 0: a table that is in use is not waited for */
async function lockTables(tx: Tx, names: string[], waitMsMax: number): Promise<void> {
  if (waitMsMax === 0) return void (await tx.query(`lock table ${names.join()} in access exclusive mode nowait`));
  const untilMs = performance.now() + waitMsMax;
  for (const name of names) {
    const leftMs = Math.max(1, Math.round(untilMs - performance.now()));
    await tx.query(`set local lock_timeout = ${leftMs}; lock table ${name} in access exclusive mode`);
  }
}

async function load(
  tx: Tx,
  { at, tables, usageMonths, sequences }: Manifest,
  folder: string,
  waitMsMax: number,
): Promise<void> {
  // No month leaves between the look for it and the lock on its table.
  await tx.query(
    `set local lock_timeout = ${LOCK_TRY_MS}; select pg_advisory_xact_lock(${MONTHS_LOCK}); set local lock_timeout = default`,
  );
  for (const month of usageMonths) await tx.query('select create_usage_month($1)', [month]);
  const all = tables.map(({ name }) => name).join();
  await lockTables(
    tx,
    tables.map(({ name }) => name),
    waitMsMax,
  );
  await tx.query('set local idle_in_transaction_session_timeout = 0');
  // No trigger runs and no reference is checked: the rows have been through all of that once.
  await tx.query('set local session_replication_role = replica');
  await tx.query(`truncate ${all} cascade`);
  for (const { name, columns, rows } of tables) {
    const target = tx.query(copyFrom(`copy ${name} (${columns.join()}) from stdin`));
    await pipeline(createReadStream(tableFile(folder, name)), createGunzip(), target);
    if (target.rowCount !== rows) throw new Error(`${name} has ${target.rowCount} rows, and had ${rows}.`);
  }
  // What was given out since is not given out again.
  for (const { name, value } of sequences)
    await tx.query(`select setval($1::regclass, greatest($2::bigint, (select last_value from ${name})))`, [
      name,
      value,
    ]);
  // The ids of transactions in a backup are another server's, maybe higher than any here: readers would take every gate
  // for changed, at each look.
  await tx.query('update balances set gate_changed_xid = pg_current_xact_id()');
  await tx.query('insert into restores (backup_at) values ($1)', [at]);
}
