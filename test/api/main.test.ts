import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startApiProcess } from '../support/apiProcess';
import { until } from '../support/notices';
import { startProxy } from '../support/proxy';

/** Compiled by `npm test` before the tests run. */
const program = join(__dirname, '..', '..', 'dist', 'api', 'main.js');
const ADMIN_KEY = 'an-admin-key-of-the-test';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Its end is waited for from the beginning: it may come before its last words are read. */
type Started = { child: ChildProcess; exited: Promise<unknown[]> };
function start(env: NodeJS.ProcessEnv): Started {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, LOG_LEVEL: 'silent', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { child, exited: once(child, 'exit') };
}

async function startApi(): Promise<Started & { url: string }> {
  const { child, exited } = start({
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS,
    STRIPE_SECRET_KEY: 'sk_test_none',
    STRIPE_API_BASE: 'http://127.0.0.1:9',
    ADMIN_KEY,
  });
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return { child, exited, url: /^api listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)![1]! };
}

const ask = (url: string, path: string, init: RequestInit = {}) =>
  fetch(url + path, { ...init, headers: { Authorization: `Bearer ${ADMIN_KEY}`, 'Content-Type': 'application/json' } });

test('it takes ADMIN_KEY as an admin key, and a second start goes on where it was', async () => {
  for (const expected of [201, 409]) {
    const { child, exited, url } = await startApi();
    const body = JSON.stringify({
      id: 'kept',
      name: 'Kept',
      members: [{ name: 'O', email: 'o@example.com', role: 'owner' }],
    });
    expect((await ask(url, '/v1/accounts', { method: 'POST', body })).status).toBe(expected);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  }
});

test('SIGTERM lets what is under way be answered, and takes nothing new', async () => {
  const { child, exited, url } = await startApi();
  const blocker = await database.pool.connect();
  await blocker.query('begin');
  await blocker.query('select 1 from accounts for update');
  const underWay = ask(url, '/v1/accounts/kept', { method: 'PATCH', body: '{"name":"Renamed"}' });
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await until(async () => (await blocker.query(waiting)).rowCount, Boolean);
  child.kill('SIGTERM');
  await until(
    () => ask(url, '/healthz').then(Boolean, () => false),
    (answered) => !answered,
  );
  await blocker.query('commit');
  blocker.release();
  expect(await (await underWay).json()).toMatchObject({ name: 'Renamed' });
  expect(await exited).toEqual([0, null]);
});

test('an environment that does not fit stops it with one clear message', async () => {
  const { child, exited } = start({ DATABASE_URL: database.url, STRIPE_SECRET_KEY: 'sk' });
  const [text] = (await once(child.stderr!, 'data')) as [Buffer];
  expect(String(text)).toBe('TEMPORAL_ADDRESS must be set: the API can not work without it.\n');
  expect(await exited).toEqual([1, null]);
});

test('at low priority it waits for its first connection for longer than others, which give up after 5 s', async () => {
  const url = new URL(database.url);
  const proxy = await startProxy(Number(url.port));
  url.port = String(proxy.port);
  proxy.hold();
  const starting = startApiProcess({ DATABASE_URL: url.href, LOW_PRIORITY: '1', ADMIN_KEY });
  await sleep(8_000);
  proxy.release();
  const api = await starting;
  expect((await ask(api.url, '/v1/models')).status).toBe(200);
  await api.stop();
  await proxy.close();
});
