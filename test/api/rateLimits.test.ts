import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'node:http';
import pino from 'pino';
import { placeOf } from '../../api/http/addressCounter';
import { createRateLimiter, type RateLimiter } from '../../api/http/rateLimiter';
import { routes } from '../../api/routes';
import { RATE_LIMITS, SITE_TIMES, type RateLimit } from '../../domain/rateLimits';
import { Problem } from '../../domain/errors';
import { beginCardTry } from '../../ledger/payments/beginCardTry';
import { endCardTry } from '../../ledger/payments/endCardTry';
import {
  openAccount,
  putModel,
  report,
  startTestApi,
  type Answer,
  type TestAccount,
  type TestApi,
} from '../support/api';

const logged: string[] = [];
let api: TestApi;
let account: TestAccount;
beforeAll(async () => {
  const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
  api = await startTestApi({ trustedProxies: ['127.0.0.1'], log });
  account = await openAccount(api, '10.00');
});
afterAll(() => api.close());

const limited = { status: 429, body: { code: 'rate_limited' } };
const times = async (count: number, ask: (index: number) => Promise<Answer>): Promise<Answer[]> => {
  const answers: Answer[] = [];
  for (let index = 0; index < count; index++) answers.push(await ask(index));
  return answers;
};
const statuses = (answers: Answer[]) => answers.map(({ status }) => status);

test('wrong keys of one address end in 429; right keys and other addresses go on', async () => {
  const from = (address: string, key: string) =>
    api.ask('GET', '/v1/models', { key, headers: { 'X-Forwarded-For': address } });
  const { tries } = RATE_LIMITS.wrong_key;
  expect(new Set(statuses(await times(tries, (index) => from('192.0.2.1', `wrong-${index}`))))).toEqual(new Set([401]));
  const refused = await from('192.0.2.1', 'wrong');
  expect(refused).toMatchObject(limited);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(RATE_LIMITS.wrong_key.seconds);
  expect((await from('192.0.2.1', api.admin)).status).toBe(200);
  expect((await from('192.0.2.2', 'wrong')).status).toBe(401);
  expect((await from('192.0.2.1, 192.0.2.3', 'wrong')).status).toBe(401);
});

test('no key at all is no wrong key, and is never limited', async () => {
  const answers = await times(RATE_LIMITS.wrong_key.tries + 1, () =>
    api.ask('GET', '/v1/models', { headers: { 'X-Forwarded-For': '192.0.2.9' } }),
  );
  expect(new Set(statuses(answers))).toEqual(new Set([401]));
});

test('test webhooks are limited per account, in all processes together', async () => {
  const other = await startTestApi({ database: api.database });
  const path = `/v1/accounts/${account.id}/webhook-endpoints`;
  const { body } = await api.ask('POST', path, {
    key: account.owner,
    body: { url: 'https://hooks.example/', events: ['*'] },
  });
  const { tries } = RATE_LIMITS.test_webhook;
  const answers = await times(tries + 2, (index) =>
    [api, other][index % 2]!.ask('POST', `${path}/${body.id}/test`, { key: account.owner }),
  );
  await other.close();
  expect(statuses(answers)).toEqual([...Array(tries).fill(202), 429, 429]);
  const elsewhere = await openAccount(api);
  expect(
    (await api.ask('GET', `/v1/accounts/${elsewhere.id}/webhook-endpoints`, { key: elsewhere.owner })).status,
  ).toBe(200);
});

test('a request that does not fit is not counted, and neither is one of a foreign role', async () => {
  const { tries } = RATE_LIMITS.platform_key;
  await times(tries + 1, () => api.ask('POST', '/v1/keys', { key: api.admin, body: {} }));
  await times(tries + 1, () => api.ask('POST', '/v1/keys', { key: api.service, body: {} }));
  const good = () => api.ask('POST', '/v1/keys', { key: api.admin, body: { role: 'service', name: 'x' } });
  expect(statuses(await times(tries + 1, good))).toEqual([...Array(tries).fill(201), 429]);
});

test('usage, gates and holds have no limit, and no route of theirs can get one unseen', async () => {
  await putModel(api);
  const path = `/v1/accounts/${account.id}`;
  const rounds = RATE_LIMITS.wrong_key.tries + 10;
  const usage = await times(rounds, (index) =>
    report(api, [{ id: `e${index}`, accountId: account.id, model: 'model', inputTokens: 1 }]),
  );
  const gates = await times(rounds, () => api.ask('GET', `${path}/gate`, { key: api.service }));
  expect(new Set(statuses([...usage, ...gates]))).toEqual(new Set([200]));
  const holds = await times(100, (index) =>
    api.ask('POST', `${path}/holds`, {
      key: api.service,
      body: { amount: '0.01' },
      headers: { 'Idempotency-Key': `h${index}` },
    }),
  );
  expect(new Set(statuses(holds))).toEqual(new Set([201]));
  const withLimit = routes.filter(({ limit }) => limit !== undefined).map(({ path: at }) => at);
  expect(withLimit.filter((at) => /\/(usage|holds|gate|gates|authorize)\b/.test(at))).toEqual([]);
});

test('however many cards are tried at once, five may be declined; those that are not give their place back', async () => {
  const { pool } = api.database;
  const { id } = await openAccount(api);
  const begun = await Promise.all(Array.from({ length: 12 }, (_, index) => beginCardTry(pool, id, `${id}/${index}`)));
  expect(begun.filter(({ kind }) => kind === 'begun')).toHaveLength(5);
  expect(begun.filter(({ kind }) => kind === 'busy')).toHaveLength(7);
  const open = begun.flatMap(({ kind }, index) => (kind === 'begun' ? [`${id}/${index}`] : []));
  await Promise.all(open.map((one, index) => endCardTry(pool, one, index < 3)));
  expect(await beginCardTry(pool, id, `${id}/a`)).toEqual({ kind: 'begun' });
  expect(await beginCardTry(pool, id, `${id}/a`)).toEqual({ kind: 'begun' });
  expect(await beginCardTry(pool, id, `${id}/b`)).toEqual({ kind: 'begun' });
  expect(await beginCardTry(pool, id, `${id}/c`)).toEqual({ kind: 'busy' });
  await endCardTry(pool, `${id}/a`, true);
  await endCardTry(pool, `${id}/b`, true);
  const refused = await beginCardTry(pool, id, `${id}/d`);
  expect(refused.kind).toBe('limited');
  expect(refused.kind === 'limited' && refused.waitMs).toBeGreaterThan(3_500_000);
  await pool.query("update card_tries set declined_at = now() - interval '1 hour' where id = $1", [`${id}/a`]);
  expect(await beginCardTry(pool, id, `${id}/d`)).toEqual({ kind: 'begun' });
});

test('an account does not grow the table of tries: what is over is deleted by the next one', async () => {
  const { pool } = api.database;
  const { id } = await openAccount(api);
  for (let index = 0; index < 20; index++) {
    await beginCardTry(pool, id, `${id}/${index}`);
    await endCardTry(pool, `${id}/${index}`, false);
  }
  await beginCardTry(pool, id, `${id}/lost`);
  await pool.query("update card_tries set begun_at = now() - interval '2 minutes' where account_id = $1", [id]);
  await beginCardTry(pool, id, `${id}/next`);
  const { rows } = await pool.query('select id from card_tries where account_id = $1', [id]);
  expect(rows).toEqual([{ id: `${id}/next` }]);
});

/** How many of the tries were refused. */
async function refusedOf(limiter: RateLimiter, name: 'wrong_key' | 'sign_in_mail', addresses: Iterable<string>) {
  let refused = 0;
  for (const address of addresses) {
    await limiter.take(name, { address }).catch((error) => {
      if (!(error instanceof Problem)) throw error;
      refused++;
    });
  }
  return refused;
}

test('a flood of addresses takes no more counters than there are slots', async () => {
  const limiter = createRateLimiter(api.database.pool);
  const addresses = Array.from(
    { length: 200_000 },
    (_, index) => `2001:db8:${(index & 0xffff).toString(16)}:${(index >> 16).toString(16)}::1`,
  );
  // 200,000 over 16,384 counters are 12 each: nobody is refused, and the counters are not more.
  expect(await refusedOf(limiter, 'wrong_key', addresses)).toBe(0);
});

test('an IPv6 site, with all its networks, fills no more than a few of the counters; one of its networks refuses no other', async () => {
  const limiter = createRateLimiter(api.database.pool);
  const { tries } = RATE_LIMITS.sign_in_mail;
  const networks = (count: number) => Array.from({ length: count }, (_, n) => `2001:db8:1:${n.toString(16)}::1`);
  // Whoever goes on after the refusal takes nothing from the neighbours.
  const alone = Array<string>(10 * tries * SITE_TIMES).fill('2001:db8:1:ffff::1');
  expect(await refusedOf(limiter, 'sign_in_mail', alone)).toBe(alone.length - tries);
  const left = (SITE_TIMES - 1) * tries;
  expect(await refusedOf(limiter, 'sign_in_mail', networks(5_000))).toBe(5_000 - left);
  // Other sites and IPv4 addresses go on, but for those that meet one of its counters.
  const others = Array.from({ length: 500 }, (_, n) => [`192.0.2.${n % 256}`, `2001:db8:${n + 2}::1`]).flat();
  expect(await refusedOf(limiter, 'sign_in_mail', others)).toBeLessThan(50);
});

test('of an IPv6 address the first 64 bits count and the first 48, of a mapped one the IPv4 address', () => {
  expect(placeOf('192.0.2.1')).toEqual({ network: '192.0.2.1', site: null });
  expect(placeOf('::ffff:192.0.2.1')).toEqual({ network: '192.0.2.1', site: null });
  expect(placeOf('2001:db8:0:1:2:3:4:5')).toEqual({ network: '2001:db8:0:1::/64', site: '2001:db8:0::/48' });
  expect(placeOf('2001:0db8:0000:0001::9')).toEqual({ network: '2001:db8:0:1::/64', site: '2001:db8:0::/48' });
  expect(placeOf('2001:db8::1')).toEqual({ network: '2001:db8:0:0::/64', site: '2001:db8:0::/48' });
  expect(placeOf('::1').network).toBe('0:0:0:0::/64');
});

test('docs/security.md shows exactly the table of limits', () => {
  const docs = readFileSync(join(__dirname, '..', '..', 'docs', 'security.md'), 'utf8');
  const listed = [...docs.matchAll(/^\| ([^|]+) \| (\d+) in (\d+) (h|min) \| (key|account|address) \|$/gm)].map(
    ([, what, tries, time, unit, per]) => ({
      what,
      tries: Number(tries),
      seconds: Number(time) * (unit === 'h' ? 3_600 : 60),
      per,
    }),
  );
  expect(listed).toEqual(
    Object.values<RateLimit>(RATE_LIMITS).map(({ what, tries, seconds, per }) => ({ what, tries, seconds, per })),
  );
});

test('an aborted body is no outage: it is not logged, with a key or without one, and the next request is answered', async () => {
  const abort = (path: string, key?: string) =>
    new Promise<void>((resolve) => {
      const asked = request(new URL(path, api.url), {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': 1_000,
          ...(key && { Authorization: `Bearer ${key}` }),
        },
      });
      asked.on('error', () => resolve()).on('close', () => resolve());
      asked.write('{"events":', () => setTimeout(() => asked.destroy(), 50));
    });
  logged.length = 0;
  for (let index = 0; index < 5; index++) {
    await abort('/v1/usage', api.service);
    await abort('/v1/webhooks/stripe');
    await abort('/v1/usage');
    await abort(`/v1/accounts/${account.id}/prepayments`, account.owner);
  }
  expect((await api.ask('GET', '/healthz')).status).toBe(200);
  expect(logged).toEqual([]);
});
