/** Puts a backup in the place of all that a database has, under the processes that use it (O4). */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Pool } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { transaction, type Tx } from '../db';
import { migrate, readSchemaFiles } from '../migrate';
import { whenFree } from '../whenFree';
import { readManifest, tableFile, type Manifest } from './manifest';

/** The tables are asked for all at once, and given up when one is in use: nobody is let wait for the others. */
const TRIES = { triesMax: 120, pauseMs: 500 };

/**
 * One transaction, which also records that it was made: whoever asks meanwhile waits, and then finds the older state; cut
 * off, nothing has changed. An empty database is brought to the backup's schema first, and then to today's. Throws when
 * the backup is damaged, or of another schema than a database that is not empty, or when the role may not switch triggers
 * off (a superuser may).
 * @param pool of the role that owns the tables
 */
export async function restoreBackup(pool: Pool, folder: string): Promise<Manifest> {
  const backup = await readManifest(folder);
  const files = readSchemaFiles();
  const unknown = backup.migrations.filter((name) => !files.migrations.some((file) => file.name === name));
  if (unknown.length > 0) throw new Error(`The backup is of a newer release, which has ${unknown.join(', ')}.`);
  if (await isEmpty(pool)) {
    const ofBackup = files.migrations.filter(({ name }) => backup.migrations.includes(name));
    await migrate(pool, { migrations: ofBackup, functions: files.functions });
  }
  await requireSameSchema(pool, backup);
  await whenFree(() => transaction(pool, (tx) => load(tx, backup, folder)), TRIES);
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

async function load(tx: Tx, { at, tables, usageMonths, sequences }: Manifest, folder: string): Promise<void> {
  for (const month of usageMonths) await tx.query('select create_usage_month($1)', [month]);
  const all = tables.map(({ name }) => name).join();
  await tx.query(`lock table ${all} in access exclusive mode nowait`);
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
