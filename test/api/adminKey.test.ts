/** The admin key of the environment, through API processes that start, start again, and run side by side. */
import { adoptAdminKey } from '../../ledger/accounts/adoptAdminKey';
import { createPlatformKey } from '../../ledger/accounts/createPlatformKey';
import { findKeyHolders } from '../../ledger/accounts/findKeyHolders';
import { hashOf } from '../../ledger/accounts/apiKey';
import { migrate } from '../../ledger/migrate';
import { startApiProcess, type ApiProcess } from '../support/apiProcess';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/notices';
import { migrateUpTo } from '../support/olderSchema';
import { times } from '../support/times';

const FIRST = 'the-first-admin-key';
const SECOND = 'the-second-admin-key';
let database: TestDatabase;
const processes: ApiProcess[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((one) => one.stop()));
  await database.drop();
});

async function startApi(adminKey: string): Promise<ApiProcess> {
  const api = await startApiProcess({ DATABASE_URL: database.url, ADMIN_KEY: adminKey, LOG_LEVEL: 'error' });
  processes.push(api);
  return api;
}

const statusOf = async ({ url }: ApiProcess, key: string): Promise<number> =>
  (await fetch(`${url}/v1/keys`, { headers: { Authorization: `Bearer ${key}` } })).status;

test('a new ADMIN_KEY takes the place of the former at every API process, and an old process that starts again does not bring it back', async () => {
  const old = await startApi(FIRST);
  expect(await statusOf(old, FIRST)).toBe(200);
  const young = await startApi(SECOND);
  expect(await statusOf(young, FIRST)).toBe(401);
  await until(
    () => statusOf(old, FIRST),
    (status) => status === 401,
  );
  expect(await statusOf(old, SECOND)).toBe(200);

  await old.stop();
  const again = await startApi(FIRST);
  expect([await statusOf(again, FIRST), await statusOf(again, SECOND), await statusOf(young, SECOND)]).toEqual([
    401, 200, 200,
  ]);
  expect(again.lines.join('\n')).toContain('ADMIN_KEY was revoked or replaced before');
});

test('an ADMIN_KEY that an admin has revoked stays revoked over restarts', async () => {
  const api = await startApi(FIRST);
  const { key: other } = await createPlatformKey(database.pool, 'admin', 'another');
  const headers = { Authorization: `Bearer ${other}` };
  const { data } = (await (await fetch(`${api.url}/v1/keys`, { headers })).json()) as {
    data: { id: string; name: string }[];
  };
  const { id } = data.find(({ name }) => name === 'ADMIN_KEY')!;
  expect((await fetch(`${api.url}/v1/keys/${id}`, { method: 'DELETE', headers })).status).toBe(204);
  await api.stop();
  for (let restart = 0; restart < 2; restart += 1) {
    const next = await startApi(FIRST);
    expect([await statusOf(next, FIRST), await statusOf(next, other)]).toEqual([401, 200]);
    await next.stop();
  }
});

test('of two keys that twenty processes bring at the same moment, one is in force in the end', async () => {
  const brought = await Promise.all(times(20, (nth) => adoptAdminKey(database.pool, nth % 2 === 0 ? FIRST : SECOND)));
  expect(brought.filter(Boolean).length).toBeGreaterThan(0);
  const holders = await findKeyHolders(database.pool, [FIRST, SECOND].map(hashOf));
  expect(holders.filter(Boolean)).toHaveLength(1);
});

test('a key of another role does not become an admin key by the environment', async () => {
  const { key } = await createPlatformKey(database.pool, 'service', 'a service');
  expect(await adoptAdminKey(database.pool, key)).toBe(false);
  expect(await findKeyHolders(database.pool, [hashOf(key)])).toMatchObject([{ role: 'service' }]);
});

test('an admin key that the environment gave before keys said so is replaced too; those that people made stand', async () => {
  const { owner: pool } = database;
  await migrateUpTo(pool, '000280');
  for (const [key, role, name] of [
    [FIRST, 'admin', 'ADMIN_KEY'],
    ['made-by-people', 'admin', 'Olga'],
    ['of-a-service', 'service', 'ADMIN_KEY'],
  ] as const)
    await pool.query('insert into api_keys (hash, role, name) values ($1, $2, $3)', [hashOf(key), role, name]);

  await migrate(pool);
  expect(await adoptAdminKey(pool, SECOND)).toBe(true);
  const holders = await findKeyHolders(pool, [FIRST, SECOND, 'made-by-people', 'of-a-service'].map(hashOf));
  expect(holders.map((holder) => holder !== null)).toEqual([false, true, true, true]);
});
