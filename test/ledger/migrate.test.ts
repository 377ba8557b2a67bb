import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { openPool } from '../../ledger/db';
import { findViolations } from '../../ledger/transactions/findViolations';
import { migrate, MIGRATIONS_DIR } from '../../ledger/migrate';
import { postUsage } from '../../ledger/usage/postUsage';
import { listUsageOfLine } from '../../ledger/usage/usageEvents';
import { createTestDatabase } from '../support/database';
import { priced } from '../support/ledgerAccount';

test('ten simultaneous migrations of a migrated database change nothing', async () => {
  const database = await createTestDatabase();
  const results = await Promise.all(Array.from({ length: 10 }, () => migrate(database.pool)));
  expect(results.flat()).toEqual([]);
  await database.drop();
});

test('a connection that is left open fails the test that left it', async () => {
  const database = await createTestDatabase();
  const leaked = new Client({ connectionString: database.url, application_name: 'leaky' });
  leaked.on('error', () => {});
  await leaked.connect();
  await expect(database.drop()).rejects.toThrow(/left open by: leaky/);
  await leaked.end().catch(() => {});
});

test('ten simultaneous migrations of an empty database apply each once', async () => {
  const database = await createTestDatabase();
  await database.pool.query('drop schema public cascade');
  await database.pool.query('create schema public');
  const pools = Array.from({ length: 10 }, () => openPool(database.url, { connectionsMax: 1 }));
  const results = await Promise.all(pools.map((pool) => migrate(pool)));
  expect(results.filter((names) => names.length > 0)).toHaveLength(1);
  await Promise.all(pools.map((pool) => pool.end()));
  await database.drop();
});

test('B3 usage posted before postings had numbers stands: known by its id, and behind its line', async () => {
  const database = await createTestDatabase();
  const { pool } = database;
  await pool.query(
    'drop schema public cascade; create schema public; create table migrations (name text primary key, at timestamptz not null default now())',
  );
  for (const name of readdirSync(MIGRATIONS_DIR)
    .filter((file) => file < '000170')
    .sort()) {
    await pool.query(readFileSync(join(MIGRATIONS_DIR, name), 'utf8'));
    await pool.query('insert into migrations (name) values ($1)', [name]);
  }
  await pool.query(
    `insert into accounts (id, name, tier) values ('old', 'old', 'standard'); insert into balances (account_id) values ('old')`,
  );
  const event = priced('old', 'a', '1.00');
  await pool.query(`select post_usage('{old}', '{1}', '{a}', $1, $2, '{0}', $3, '{0}', '{null}', array[now()], $4)`, [
    [event.model],
    [event.inputTokens],
    [event.outputTokens],
    [event.cost],
  ]);

  await migrate(pool);
  const { notTaken } = await postUsage(pool, [event, priced('old', 'b', '1.00')]);
  expect([...notTaken]).toEqual([[0, 'duplicate']]);
  const page = { limit: 10, after: null };
  expect((await listUsageOfLine(pool, 'old', 1, page)).data).toMatchObject([{ id: 'a' }]);
  expect((await listUsageOfLine(pool, 'old', 2, page)).data).toMatchObject([{ id: 'b' }]);
  expect(await findViolations(pool)).toEqual([]);
  await database.drop();
});
