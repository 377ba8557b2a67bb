/** A database as it was before a migration, to put rows of that time in and then migrate. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { root } from './paths';

const MIGRATIONS = join(root, 'ledger', 'migrations');

/** Empties the database and runs the migrations that come before this number. */
export async function migrateUpTo(pool: Pool, number: string): Promise<void> {
  await pool.query(
    'drop schema public cascade; create schema public; create table migrations (name text primary key, at timestamptz not null default now())',
  );
  const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql') && name < number);
  for (const name of files.sort()) {
    await pool.query(readFileSync(join(MIGRATIONS, name), 'utf8'));
    await pool.query('insert into migrations (name) values ($1)', [name]);
  }
}
