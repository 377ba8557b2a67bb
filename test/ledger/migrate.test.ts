import { Client } from 'pg';
import { openPool } from '../../ledger/db';
import { migrate } from '../../ledger/migrate';
import { createTestDatabase } from '../support/database';

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
