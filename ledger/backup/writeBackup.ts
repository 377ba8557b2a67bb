/** Writes all tables into a folder, as they are at one moment, while others go on writing. */
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import type { Pool } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Tx } from '../db';
import { inUsageSnapshot } from '../usage/inUsageSnapshot';
import { hashOfFile, MANIFEST, tableFile, type Manifest } from './manifest';

/**
 * Nobody waits for it, but who makes the table of a coming month of usage or drops that of an archived one, and tries
 * again. A folder that it did not finish has no manifest, and is no backup.
 * @param folder is there, and empty
 */
export function writeBackup(pool: Pool, folder: string): Promise<Manifest> {
  return inUsageSnapshot(pool, 'repeatable read, read only', async (tx) => {
    // Between two tables it reads what it has written, however much that is.
    await tx.query('set local idle_in_transaction_session_timeout = 0');
    // Clocks of one transaction stand still: this is when its view was taken.
    const { rows } = await tx.query<{ at: Date }>('select now() as at');
    const tables: Manifest['tables'] = [];
    for (const table of await listTables(tx)) tables.push(await writeTable(tx, table, folder));
    const manifest: Manifest = {
      format: 1,
      at: rows[0]!.at.toISOString(),
      migrations: await listNames(tx, 'select name from migrations order by name'),
      usageMonths: await listNames(tx, USAGE_MONTHS),
      tables,
      sequences: await listSequences(tx),
    };
    await writeFile(join(folder, MANIFEST), JSON.stringify(manifest, null, 2), { mode: 0o600, flush: true });
    return manifest;
  });
}

const USAGE_MONTHS = `
  select replace(substr(relname, 14), '_', '-') as name from pg_inherits join pg_class on pg_class.oid = inhrelid
  where inhparent = 'usage_events'::regclass and relname ~ '^usage_events_\\d{4}_\\d{2}$' order by 1`;

async function listNames(tx: Tx, query: string): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(query);
  return rows.map(({ name }) => name);
}

type Table = { name: string; columns: string[] };

/** Those that hold what the service has written; what says which schema this is stands in the manifest. */
async function listTables(tx: Tx): Promise<Table[]> {
  const { rows } = await tx.query<Table>(
    `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname not in ('migrations', 'functions', 'builds')
       and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     group by c.relname order by c.relname`,
  );
  return rows;
}

async function writeTable(tx: Tx, { name, columns }: Table, folder: string): Promise<Manifest['tables'][number]> {
  const path = tableFile(folder, name);
  const rows = tx.query(copyTo(`copy (select ${columns.join()} from ${name}) to stdout`));
  // Little is won by pressing harder, and the processor is shared.
  await pipeline(
    rows,
    createGzip({ level: constants.Z_BEST_SPEED }),
    createWriteStream(path, { mode: 0o600, flags: 'wx', flush: true }),
  );
  return { name, columns, rows: rows.rowCount, sha256: await hashOfFile(path) };
}

/** They do not belong to the view: they may be further than it, which leaves gaps. */
async function listSequences(tx: Tx): Promise<Manifest['sequences']> {
  const { rows } = await tx.query<{ name: string; value: string }>(
    `select sequencename as name, last_value::text as value from pg_sequences
     where schemaname = current_schema() and last_value is not null order by 1`,
  );
  return rows;
}
