/** What a caller is told when the process, or its connection, stood still in mid-transaction for longer than Postgres waits. */
import { Client } from 'pg';
import { isDatabaseOutage } from '../../ledger/databaseOutage';
import { createTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Nothing of this process runs meanwhile, as while it is frozen. */
const freeze = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test('a transaction that Postgres has given up is an outage (503), and no mistake of ours (500): nothing is done', async () => {
  const client = new Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('set idle_in_transaction_session_timeout = 20');
  await client.query('begin');
  freeze(500);
  const error = await client.query('select 1').catch((failure: Error) => failure);
  expect(error).toMatchObject({ code: '25P03' });
  expect(isDatabaseOutage(error)).toBe(true);
  await client.end().catch(() => undefined);
});
