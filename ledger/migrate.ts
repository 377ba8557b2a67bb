/** Brings a database to the newest schema: each migration once, in order, whoever comes first. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { transaction } from './db';

/** Any constant will do, as long as nobody else uses it in this database. */
const ADVISORY_LOCK = 7_225_578;
const FILE_NAME = /^(\d{6})-[a-z0-9-]+\.sql$/;

/** Beside this file in the sources; the compiler leaves SQL where it is. */
export const MIGRATIONS_DIR = [join(__dirname, 'migrations'), join(__dirname, '..', '..', 'ledger', 'migrations')].find(
  existsSync,
)!;

/** Runs the migrations the database does not have yet; returns their names. Simultaneous calls wait for each other. */
export async function migrate(pool: Pool): Promise<string[]> {
  const files = readdirSync(MIGRATIONS_DIR)
    .filter((name) => FILE_NAME.test(name))
    .sort();
  return transaction(pool, async (tx) => {
    // Another process may be at a migration that takes its time.
    await tx.query('set local lock_timeout = 0');
    await tx.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
    await tx.query(
      'create table if not exists migrations (name text primary key, at timestamptz not null default now())',
    );
    const { rows } = await tx.query<{ name: string }>('select name from migrations');
    const done = new Set(rows.map((row) => row.name));
    const missing = files.filter((name) => !done.has(name));
    for (const name of missing) {
      await tx.query(readFileSync(join(MIGRATIONS_DIR, name), 'utf8'));
      await tx.query('insert into migrations (name) values ($1)', [name]);
    }
    return missing;
  });
}
