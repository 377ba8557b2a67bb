/** What a caller is told when Postgres takes too long, or does not answer at all: 503, and a repeat finds what was done (B3). */
import { isUnanswered, openPool, transactionOn } from '../../ledger/db';
import { findViolations } from '../../ledger/transactions/findViolations';
import { openAccount, putModel, report, startTestApi, type TestApi } from '../support/api';
import { createTestDatabase, type TestDatabase } from '../support/database';

const LIMITS = { statementMsMax: 1_000, queryMsMax: 2_500 };
const name = 'limited';
let database: TestDatabase;
let api: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  const pool = openPool(database.url, { ...LIMITS, applicationName: name });
  api = await startTestApi({ database: { ...database, pool } });
  await putModel(api);
});
afterAll(async () => {
  await api.close();
  await api.database.pool.end();
  await database.drop();
});

const event = (accountId: string, id: string) => ({ id, accountId, model: 'model', inputTokens: 1_000_000 });
const unavailable = { status: 503, body: { code: 'database_unavailable' } };

test('a statement that waits too long for a lock is undone, and keeps no connection', async () => {
  const [{ id: held }, { id: other }] = [await openAccount(api, '5.00'), await openAccount(api, '5.00')];
  const holder = await database.owner.connect();
  await holder.query('begin');
  await holder.query('select from balances where account_id = $1 for update', [held]);
  const answer = await report(api, [event(held, 'a')]);
  expect(answer).toMatchObject(unavailable);
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  expect((await report(api, [event(other, 'a')])).body).toMatchObject({ accepted: 1 });
  await holder.query('rollback');
  holder.release();
  expect((await report(api, [event(held, 'a')])).body).toMatchObject({ accepted: 1, duplicates: 0 });
});

/** Stops the processes that serve the API's connections: they take questions, and answer nothing. */
async function whileSilent<T>(work: () => Promise<T>): Promise<T> {
  const { rows } = await database.owner.query<{ pid: number }>(
    'select pid from pg_stat_activity where application_name = $1 and datname = current_database()',
    [name],
  );
  const signal = (kind: 'SIGSTOP' | 'SIGCONT') => rows.forEach(({ pid }) => process.kill(pid, kind));
  signal('SIGSTOP');
  return work().finally(() => signal('SIGCONT'));
}

test('B3 a commit that is not answered is given up, and the same request again is taken once', async () => {
  const { id } = await openAccount(api, '5.00');
  expect(await whileSilent(() => report(api, [event(id, 'a')]))).toMatchObject(unavailable);
  // The silent connection is closed. What was asked on it may yet be done, now that it hears.
  const { body } = await report(api, [event(id, 'a')]);
  expect(body.accepted + body.duplicates).toBe(1);
  expect((await report(api, [event(id, 'a')])).body).toMatchObject({ accepted: 0, duplicates: 1 });
  expect(await findViolations(database.pool)).toEqual([]);
});

test('a change that is not answered is given up, and made once by the same key', async () => {
  const { id } = await openAccount(api, '5.00');
  const adjust = () =>
    api.ask('POST', `/v1/accounts/${id}/adjustments`, {
      key: api.admin,
      body: { amount: '1.00', reason: 'test' },
      headers: { 'Idempotency-Key': 'once' },
    });
  expect(await whileSilent(adjust)).toMatchObject(unavailable);
  expect([200, 201]).toContain((await adjust()).status);
  expect((await api.ask('GET', `/v1/accounts/${id}`, { key: api.admin })).body).toMatchObject({ balance: '6.00' });
});

test('a transaction that is not answered asks nothing more of its connection, no rollback either', async () => {
  const client = await api.database.pool.connect();
  const asked = jest.spyOn(client, 'query');
  const broken = jest.fn();
  const work = () => transactionOn(client, (tx) => tx.query('select 1'), broken);
  expect(isUnanswered(await whileSilent(() => work().catch((error: Error) => error)))).toBe(true);
  expect(asked.mock.calls).toEqual([['begin']]);
  expect(broken).toHaveBeenCalledTimes(1);
  client.release(true);
});
