/** What a caller is told when the process, or its connection, stood still in mid-transaction for longer than Postgres waits. */
import { execFileSync } from 'node:child_process';
import { Client } from 'pg';
import { isDatabaseOutage } from '../../ledger/databaseOutage';
import { createTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Looks from another process whether a connection is still there, until it is not. */
const WATCH = `
  const { Client } = require('pg');
  const [url, pid] = process.argv.slice(1);
  const client = new Client({ connectionString: url });
  (async () => {
    await client.connect();
    const look = () => client.query('select from pg_stat_activity where pid = $1', [pid]);
    while ((await look()).rowCount > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await client.end();
  })();`;
/** Nothing of this process runs until Postgres has ended the connection, as while it is frozen. */
const freezeUntilGone = (pid: number): unknown =>
  execFileSync(process.execPath, ['-e', WATCH, database.ownerUrl, String(pid)], { timeout: 60_000 });

test('a transaction that Postgres has given up is an outage (503), and no mistake of ours (500): nothing is done', async () => {
  const client = new Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('set idle_in_transaction_session_timeout = 20');
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  await client.query('begin');
  freezeUntilGone(rows[0]!.pid);
  const error = await client.query('select 1').catch((failure: Error) => failure);
  expect(error).toMatchObject({ code: '25P03' });
  expect(isDatabaseOutage(error)).toBe(true);
  await client.end().catch(() => undefined);
});
