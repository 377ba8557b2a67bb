/** Strangers with keys that nobody has, in numbers: what they ask of Postgres, and that those with right keys go on. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { RATE_LIMITS } from '../../domain/rateLimits';
import { createPlatformKey } from '../../ledger/accounts/createPlatformKey';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { until } from '../support/notices';
import { startProxy, type Proxy } from '../support/proxy';
import { times } from '../support/times';

/** Of each answer of Postgres: as one has that is busy, or far away. */
const ANSWER_MS = 50;
let api: TestApi;
/** The same database, reached by lookups through the proxy. */
let far: TestApi;
let proxy: Proxy;
let account: TestAccount;
const agent = new Agent({ keepAlive: true });
beforeAll(async () => {
  api = await startTestApi({ trustedProxies: ['127.0.0.1'] });
  account = await openAccount(api, '10.00');
  const url = new URL(api.database.url);
  proxy = await startProxy(Number(url.port), ANSWER_MS);
  url.port = String(proxy.port);
  far = await startTestApi({
    database: { ...api.database, url: url.href, drop: async () => {} },
    trustedProxies: ['127.0.0.1'],
  });
});
afterAll(async () => {
  agent.destroy();
  await far.close();
  await proxy.close();
  await api.close();
});

const wrongKey = () => `bk_${randomBytes(24).toString('base64url')}`;
/** By node:http, which makes many at once. Resolves with the status. */
async function ask(at: TestApi, key: string, address: string, path = '/v1/models'): Promise<number> {
  const asked = request(new URL(path, at.url), {
    agent,
    headers: { Authorization: `Bearer ${key}`, 'X-Forwarded-For': address },
  });
  const [response] = (await once(asked.end(), 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode!;
}
const count = (statuses: number[], status: number) => statuses.filter((one) => one === status).length;

test('an address with too many wrong keys hears 429 before Postgres is asked for more than a few of them; right keys go on', async () => {
  const address = '192.0.2.77';
  const gate = `/v1/accounts/${account.id}/gate`;
  expect(await ask(api, api.service, address, gate)).toBe(200);
  const before = await Promise.all(times(RATE_LIMITS.wrong_key.tries, () => ask(api, wrongKey(), address)));
  expect(new Set(before)).toEqual(new Set([401]));
  expect(await ask(api, wrongKey(), address)).toBe(429);
  // One that this process has not met passes in its turn, or whoever shares the address with a stranger were locked out.
  const { key } = await createPlatformKey(api.database.pool, 'service', 'not met yet');
  expect(await ask(api, key, address, gate)).toBe(200);
  // A change of keys makes the process look all of them up again, which takes no turn.
  await api.ask('POST', '/v1/keys', { key: api.admin, body: { role: 'service', name: 'another' } });
  expect(await ask(api, key, address, gate)).toBe(200);

  const locking = await api.database.owner.connect();
  try {
    await locking.query('begin');
    await locking.query('lock table api_keys in access exclusive mode');
    const flood = await Promise.all(times(300, () => ask(api, wrongKey(), address)));
    // One is asked for and fifty wait, until the question is given up and fifty more may.
    expect(count(flood, 429)).toBeGreaterThanOrEqual(100);
    expect(count(flood, 429) + count(flood, 503)).toBe(300);
    expect(await ask(api, api.service, address, gate)).toBe(200);
  } finally {
    await locking.query('rollback');
    locking.release();
  }
});

test('while strangers ask from everywhere, known keys are served, new ones are taken and revoked ones refused', async () => {
  const keys = await Promise.all(times(3, (n) => createPlatformKey(api.database.pool, 'service', `flooded-${n}`)));
  const [known, fresh, revoked] = keys.map(({ key }) => key) as [string, string, string];
  const gate = (key: string) => ask(far, key, '192.0.2.1', `/v1/accounts/${account.id}/gate`);
  expect([await gate(known), await gate(revoked)]).toEqual([200, 200]);
  let isOver = false;
  const heard: number[] = [];
  const stranger = async (nth: number) => {
    for (let round = 0; !isOver; round++) heard.push(await ask(far, wrongKey(), `198.51.${nth % 256}.${round % 256}`));
  };
  const strangers = times(100, stranger);
  await until(
    () => heard.length,
    (answered) => answered >= 300,
  );
  await api.database.pool.query(`update api_keys set revoked_at = now() where name = 'flooded-2'`);
  expect(await gate(fresh)).toBe(200);
  await until(
    () => gate(revoked),
    (status) => status === 401,
    20_000,
  );
  const served = [];
  for (const _more of times(50, Number)) served.push(await gate(known));
  isOver = true;
  await Promise.all(strangers);
  expect(new Set(served)).toEqual(new Set([200]));
  // None of them waits in vain for a lookup.
  expect(new Set(heard)).toEqual(new Set([401]));
});
