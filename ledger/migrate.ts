/** Brings a database to today's schema: each migration once and in order, then the functions as they are today. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { openPool, transaction, type Db, type Tx } from './db';
import { prepareUsageMonths } from './usage/prepareUsageMonths';
import { LOCK_TRY_MS, whenFree } from './whenFree';

/** Any constant will do, as long as nobody else uses it in this database. */
export const MIGRATION_LOCK = 7_225_578;
/** Five minutes for the tables to be free of long readers; a try makes nobody wait for longer than `LOCK_TRY_MS`. */
const TRIES = { triesMax: 400, pauseMs: 1_000 };
/** What a statement has locked is locked until it has ended: one that takes longer fails, and leaves all as it was. */
const STATEMENT_MS_MAX = 30_000;

export type MigrationOptions = {
  /** 0: no limit, for a change of large tables while the service is stopped. @default 30_000 */
  statementMsMax?: number | undefined;
  /** Last, in the same transaction: nobody sees the new schema without it. */
  finish?: (tx: Tx) => Promise<void>;
};

type SchemaFile = { name: string; text: string; hash: string };

/** Tables are in migrations, which run once. Functions, triggers and views are in files that hold their current text. */
export type SchemaFiles = { migrations: SchemaFile[]; functions: SchemaFile[] };

/** The SQL beside this file in the sources; the compiler leaves SQL where it is. */
export function readSchemaFiles(): SchemaFiles {
  return {
    migrations: readFolder('migrations', /^\d{6}-[a-z0-9-]+(\.concurrently)?\.sql$/),
    functions: readFolder('functions', /^[a-z0-9_]+\.sql$/),
  };
}

function readFolder(folder: string, fileName: RegExp): SchemaFile[] {
  const path = [join(__dirname, folder), join(__dirname, '..', '..', 'ledger', folder)].find(existsSync);
  if (!path) throw new Error(`The folder ledger/${folder} is missing.`);
  return readdirSync(path)
    .filter((name) => fileName.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(join(path, name), 'utf8');
      return { name, text, hash: createHash('sha256').update(text).digest('hex') };
    });
}

/**
 * Applies what the database does not have yet, all in one transaction, and returns the names of what it applied.
 * Simultaneous calls wait for each other. Functions are applied when their text has changed, and all of them after a
 * migration, which may have dropped what they depend on. A database that is up to date is only read. Nobody waits long
 * for a migration: one that finds its tables in use gives up at once and is tried again, with others let through between;
 * a statement that takes too long fails.
 */
export async function migrate(
  pool: Pool,
  files: SchemaFiles = readSchemaFiles(),
  options: MigrationOptions = {},
): Promise<string[]> {
  const applied = await whenFree(async () => {
    if (namesOf(await findMissing(pool, files)).length === 0) return [];
    return transaction(pool, (tx) => applyMissing(tx, files, options));
  }, TRIES);
  const built = files.migrations.some(isConcurrent) ? await buildIndexes(pool, files) : [];
  return [...applied, ...built];
}

/** Indexes of large tables: built while others write, which no transaction can. */
const isConcurrent = ({ name }: SchemaFile): boolean => name.endsWith('.concurrently.sql');
/** Any constant that nobody else uses in this database. */
const INDEX_LOCK = 7_225_583;

/** One process builds; others do not wait for it, because a service can go on without. Cut off, it is done again. */
async function buildIndexes(pool: Pool, { migrations }: SchemaFiles): Promise<string[]> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [INDEX_LOCK]);
    if (!rows[0]!.mine) return [];
    // It waits for older transactions to end, and nobody waits for it meanwhile.
    await client.query('set lock_timeout = 0');
    const done = await namesDone(client);
    const missing = migrations.filter((file) => isConcurrent(file) && !done.has(file.name));
    for (const { name, text } of missing) {
      for (const statement of text.split(/;\s*$/m)) if (statement.trim() !== '') await client.query(statement);
      await client.query('insert into migrations (name) values ($1)', [name]);
    }
    // Postgres gives up the lock of a closed connection a moment later: a migration that follows at once would not build.
    await client.query('select pg_advisory_unlock($1)', [INDEX_LOCK]);
    return missing.map(({ name }) => name);
  } finally {
    // The connection is closed, and with it go its setting and, after an error, its lock.
    client.release(true);
  }
}

async function applyMissing(
  tx: Tx,
  files: SchemaFiles,
  { statementMsMax = STATEMENT_MS_MAX, finish }: MigrationOptions,
): Promise<string[]> {
  // Another process may be at a migration that takes its time.
  await tx.query('set local lock_timeout = 0');
  await tx.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  await tx.query(`set local lock_timeout = ${LOCK_TRY_MS}; set local statement_timeout = ${statementMsMax}`);
  await tx.query(`
    create table if not exists migrations (name text primary key, at timestamptz not null default now());
    create table if not exists functions (name text primary key, hash text not null, at timestamptz not null default now());
    create table if not exists builds (hash text primary key, at timestamptz not null default now())`);
  const missing = await findMissing(tx, files);
  for (const { name, text } of missing.migrations) {
    await tx.query(text).catch(sayTooLong(name, statementMsMax));
    await tx.query('insert into migrations (name) values ($1)', [name]);
  }
  // A function may name one that comes after it.
  await tx.query('set local check_function_bodies = off');
  for (const { name, text, hash } of missing.functions) {
    await tx.query(text);
    await tx.query(
      'insert into functions (name, hash) values ($1, $2) on conflict (name) do update set hash = $2, at = now()',
      [name, hash],
    );
  }
  await prepareUsageMonths(tx);
  const build = 'insert into builds (hash) values ($1) on conflict (hash) do update set at = now()';
  await tx.query(build, [hashOf(files)]);
  await finish?.(tx);
  return namesOf(missing);
}

/** Of all migrations and functions of a build: what `builds` knows it by. */
function hashOf({ migrations, functions }: SchemaFiles): string {
  const hash = createHash('sha256');
  for (const file of [...migrations, ...functions]) hash.update(`${file.name} ${file.hash}\n`);
  return hash.digest('hex');
}

/** Whether the database has had the schema of this build. It may have gone on to that of a later one since. */
async function hasHadSchema(db: Db, files: SchemaFiles): Promise<boolean> {
  const { rows: found } = await db.query<{ there: boolean }>(`select to_regclass('builds') is not null as there`);
  if (!found[0]!.there) return false;
  return (await db.query('select from builds where hash = $1', [hashOf(files)])).rowCount === 1;
}

const QUERY_CANCELED = '57014';

const sayTooLong =
  (name: string, limitMs: number) =>
  (error: Error & { code?: string }): never => {
    if (error.code !== QUERY_CANCELED) throw error;
    const message = `${name} took longer than ${limitMs} ms and was undone: MIGRATE_STATEMENT_TIMEOUT allows more.`;
    throw new Error(message, { cause: error });
  };

async function findMissing(db: Db, files: SchemaFiles): Promise<SchemaFiles> {
  const { rows: found } = await db.query<{ there: boolean }>(
    `select to_regclass('migrations') is not null and to_regclass('functions') is not null as there`,
  );
  if (!found[0]!.there) return { ...files, migrations: files.migrations.filter((file) => !isConcurrent(file)) };
  const done = await namesDone(db);
  const { rows: applied } = await db.query<{ name: string; hash: string }>('select name, hash from functions');
  const hashes = new Map(applied.map(({ name, hash }) => [name, hash]));
  const migrations = files.migrations.filter((file) => !isConcurrent(file) && !done.has(file.name));
  const functions = files.functions.filter(({ name, hash }) => migrations.length > 0 || hashes.get(name) !== hash);
  return { migrations, functions };
}

async function namesDone(db: Db): Promise<Set<string>> {
  const { rows } = await db.query<{ name: string }>('select name from migrations');
  return new Set(rows.map(({ name }) => name));
}

/** How long a process of the service waits for whoever migrates. */
const PATIENCE_MS = 60_000;
/** The role may not change the schema, or may not even see it yet. */
const NOT_MINE = ['42501', '3F000'];

export type MigrateOrWaitOptions = {
  patienceMs?: number;
  files?: SchemaFiles;
  /** As of `openPool`. */
  connectMsMax?: number | undefined;
};

/**
 * For a process of the service, when it starts, on a connection of its own, whose statements have the limits of migrations: a role that owns the tables migrates by itself; one that does not waits
 * until the owner has (prepareDatabase), and throws when a minute was not enough. A process of an older build, which
 * starts again while a newer one takes its place, leaves the newer schema as it is and serves on it.
 */
export async function migrateOrWait(
  url: string,
  { patienceMs = PATIENCE_MS, files = readSchemaFiles(), connectMsMax }: MigrateOrWaitOptions = {},
): Promise<void> {
  const pool = openPool(url, { applicationName: 'ballast-migrate', connectionsMax: 1, connectMsMax });
  try {
    await untilMigrated(pool, files, patienceMs);
  } finally {
    await pool.end();
  }
}

async function untilMigrated(pool: Pool, files: SchemaFiles, patienceMs: number): Promise<void> {
  for (const untilMs = Date.now() + patienceMs; ; await sleep(500)) {
    try {
      if (!(await hasHadSchema(pool, files))) await migrate(pool, files);
      return;
    } catch (error) {
      if (!NOT_MINE.includes((error as { code?: string }).code ?? '')) throw error;
      if (Date.now() > untilMs) {
        throw new Error(
          'The database does not have the schema of this build, and this role may not change it: migrate as the owner (docs/operations.md).',
          { cause: error },
        );
      }
    }
  }
}

const namesOf = ({ migrations, functions }: SchemaFiles): string[] => [
  ...migrations.map(({ name }) => name),
  ...functions.map(({ name }) => name),
];
