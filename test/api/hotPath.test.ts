import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import pino from 'pino';
import { createClock } from '../../ledger/clock';
import { createKeyring, type Keyring } from '../../api/http/auth';
import { createGateCache, FAIL_CLOSED, type GateCache } from '../../api/gate/gateCache';
import { answerHot, createHotPath } from '../../api/gate/hotPath';
import { createPlatformKey } from '../../ledger/accounts/createPlatformKey';
import { openPool } from '../../ledger/db';
import { adjust, openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { until } from '../support/notices';
import { startProxy } from '../support/proxy';

let api: TestApi;
let rich: TestAccount;
let poor: TestAccount;
let foreign: TestAccount;
/** The hot path by itself: what it leaves to Express is answered 599. */
let hot: Server;
let gates: GateCache;
let keyring: Keyring;

beforeAll(async () => {
  api = await startTestApi();
  [rich, poor, foreign] = await Promise.all([openAccount(api, '100.00'), openAccount(api), openAccount(api, '1.00')]);
  const { pool, url } = api.database;
  gates = createGateCache({ pool, databaseUrl: url, log: pino({ level: 'silent' }), clock: createClock() });
  keyring = createKeyring(pool, Date.now, FAIL_CLOSED);
  await gates.start();
  const hotPath = createHotPath({ gates, keyring });
  hot = createServer((incoming, response) => {
    if (answerHot(hotPath, incoming, response)) return;
    // What Express would do with the key: from then on it is known.
    void keyring
      .authenticate(incoming.headers.authorization)
      .catch(() => {})
      .then(() => response.writeHead(599).end());
  }).listen(0, '127.0.0.1');
  await once(hot, 'listening');
});
afterAll(async () => {
  hot.closeAllConnections();
  hot.close();
  await keyring.close();
  await gates.close();
  await api.close();
});

type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() }),
        );
    })
      .on('error', reject)
      .end(body);
  });
}

/** Leaves out what may differ between two equal answers: when they were given, and the ids of ours. */
function comparable({ status, headers: { date: _date, 'x-request-id': requestId, ...headers }, body }: Answer) {
  const isOurs = /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(requestId as string);
  return {
    status,
    headers,
    requestId: isOurs ? 'one of ours' : requestId,
    body: body.replace(/"asOf":"[\d-]{10}T[\d:.]{12}Z"/, '"asOf":"…"'),
  };
}

type Keys = 'service' | 'admin' | 'owner' | 'member' | 'foreign' | 'unknown' | 'none';
const keyOf = (who: Keys): string | undefined =>
  ({
    service: api.service,
    admin: api.admin,
    owner: rich.owner,
    member: rich.member,
    foreign: foreign.owner,
    unknown: 'bk_of_nobody',
    none: undefined,
  })[who];

type Row = {
  is: string;
  path: string;
  account?: 'rich' | 'poor' | 'unknown' | 'malformed';
  who: Keys;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  hot: boolean;
};
const gate = '/v1/accounts/:id/gate';
const authorize = '/v1/authorize';
const table: Row[] = [
  { is: 'the plain case', path: gate, who: 'service', hot: true },
  { is: 'an admin', path: gate, who: 'admin', hot: true },
  { is: 'its owner', path: gate, who: 'owner', hot: true },
  { is: 'a member', path: gate, who: 'member', hot: true },
  { is: 'a suspended account', path: gate, account: 'poor', who: 'service', hot: true },
  { is: 'a request id of the caller', path: gate, who: 'service', headers: { 'X-Request-Id': 'mine/1' }, hot: true },
  { is: 'a request id that is none', path: gate, who: 'service', headers: { 'X-Request-Id': 'two words' }, hot: true },
  {
    is: 'a request id that is too long',
    path: gate,
    who: 'service',
    headers: { 'X-Request-Id': 'x'.repeat(129) },
    hot: true,
  },
  { is: "another account's owner", path: gate, who: 'foreign', hot: false },
  { is: 'an unknown key', path: gate, who: 'unknown', hot: false },
  { is: 'no key', path: gate, who: 'none', hot: false },
  { is: 'an unknown account', path: gate, account: 'unknown', who: 'service', hot: false },
  { is: 'an id that can be none', path: gate, account: 'malformed', who: 'service', hot: false },
  { is: 'HEAD', path: gate, who: 'service', method: 'HEAD', hot: false },
  { is: 'a wrong method', path: gate, who: 'service', method: 'PUT', hot: false },
  { is: 'a slash at the end', path: `${gate}/`, who: 'service', hot: false },
  { is: 'a query', path: `${gate}?a=b`, who: 'service', hot: false },
  { is: 'another case', path: '/V1/accounts/:id/gate', who: 'service', hot: false },
  { is: 'allowed', path: authorize, account: 'rich', who: 'service', hot: true },
  { is: 'denied', path: authorize, account: 'poor', who: 'service', hot: true },
  { is: 'of an unknown account', path: authorize, account: 'unknown', who: 'service', hot: false },
  { is: 'of an id that can be none', path: authorize, account: 'malformed', who: 'service', hot: false },
  { is: 'of no account', path: authorize, who: 'service', hot: false },
  { is: 'by an admin', path: authorize, account: 'rich', who: 'admin', hot: false },
  { is: 'by an owner', path: authorize, account: 'rich', who: 'owner', hot: false },
  { is: 'without a key', path: authorize, account: 'rich', who: 'none', hot: false },
  {
    is: 'by POST with a body',
    path: authorize,
    account: 'rich',
    who: 'service',
    method: 'POST',
    body: 'hello',
    hot: true,
  },
  { is: 'by DELETE, denied', path: authorize, account: 'poor', who: 'service', method: 'DELETE', hot: true },
  { is: 'by HEAD, denied', path: authorize, account: 'poor', who: 'service', method: 'HEAD', hot: true },
  { is: 'by a method of WebDAV', path: authorize, account: 'rich', who: 'service', method: 'PROPFIND', hot: true },
  { is: 'with a query', path: `${authorize}?a=b`, account: 'poor', who: 'service', hot: true },
  {
    is: 'with a path',
    path: `${authorize}/v1/chat/completions?a=b`,
    account: 'rich',
    who: 'service',
    method: 'PUT',
    hot: true,
  },
  { is: 'with a slash', path: `${authorize}/`, account: 'poor', who: 'service', hot: true },
  {
    is: 'with a path that is broken',
    path: `${authorize}/%zz//..%2f%00`,
    account: 'rich',
    who: 'service',
    method: 'PATCH',
    hot: true,
  },
  {
    is: 'with a path, of an unknown account',
    path: `${authorize}/%zz`,
    account: 'unknown',
    who: 'service',
    method: 'POST',
    hot: false,
  },
  {
    is: 'with a path, by an owner',
    path: `${authorize}/a`,
    account: 'rich',
    who: 'owner',
    method: 'OPTIONS',
    hot: false,
  },
  {
    is: 'with a path, without a key',
    path: `${authorize}/a`,
    account: 'rich',
    who: 'none',
    method: 'POST',
    hot: false,
  },
  { is: 'another word', path: `${authorize}d/a`, account: 'rich', who: 'service', hot: false },
  { is: 'another case', path: '/v1/Authorize/a', account: 'rich', who: 'service', hot: false },
];

let spelt = 0;
/** `Bearer` in letters of a case that has not been sent yet: it means the same, and a key in a new spelling is left to Express. */
function spellAnew(): string {
  spelt += 1;
  return [...'bearer'].map((letter, at) => ((spelt >> at) & 1 ? letter.toUpperCase() : letter)).join('');
}

test.each(table)(
  '$path is the same before and in Express: $is',
  async ({ path, account, who, method = 'GET', headers, body, hot: isHot }) => {
    const id = { rich: rich.id, poor: poor.id, unknown: 'nobody', malformed: 'a%20b' }[account ?? 'rich'];
    const key = keyOf(who);
    const sent = {
      ...(!path.includes(':id') && account && { 'X-Account-Id': id }),
      ...headers,
    };
    const asked = (port: number, address: string, scheme = 'Bearer') =>
      ask(port, method, address, { ...sent, ...(key !== undefined && { Authorization: `${scheme} ${key}` }) }, body);
    const address = path.replace(':id', id);
    const hotPort = (hot.address() as AddressInfo).port;
    const apiPort = Number(new URL(api.url).port);

    // Once the key is known; on a busy machine it may have grown stale meanwhile.
    const first = await asked(hotPort, address);
    const alone = isHot
      ? await until(
          () => asked(hotPort, address),
          ({ status }) => status !== 599,
        )
      : first;
    if (!isHot) expect([first.status, (await asked(hotPort, address)).status]).toEqual([599, 599]);
    await asked(apiPort, address);
    const [answered, byExpress] = [await asked(apiPort, address), await asked(apiPort, address, spellAnew())];
    expect(comparable(answered)).toEqual(comparable(byExpress));
    if (isHot) {
      const { 'keep-alive': _hot, ...hotHeaders } = comparable(alone).headers;
      const { 'keep-alive': _api, ...apiHeaders } = comparable(byExpress).headers;
      expect({ ...comparable(alone), headers: hotHeaders }).toEqual({ ...comparable(byExpress), headers: apiHeaders });
    }
  },
);

test.each([
  ['reloading', '10.00', 5_000],
  ['low', '1.00', null],
  ['suspended while a reload is due', '0.00', 60_000],
  ['suspended while a charge runs', '0.00', -1_000],
])('S4 %s is told the same before and in Express', async (_name, balance, dueInMs) => {
  const { id } = await openAccount(api, balance === '0.00' ? undefined : balance);
  const {
    rows: [changed],
  } = await api.database.pool.query<{ version: string }>(
    "update balances set reload_due_at = now() + $2 * interval '1 millisecond' where account_id = $1 returning gate_version::text as version",
    [id, dueInMs],
  );
  await until(
    async () => String((await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service })).body.version),
    (version) => version === changed!.version,
  );
  const [answered, byExpress] = await Promise.all(
    ['', '?'].map((query) => api.ask('GET', `/v1/accounts/${id}/gate${query}`, { key: api.service })),
  );
  const { asOf: _a, retryAfterSeconds, ...gateNow } = answered!.body;
  const { asOf: _b, retryAfterSeconds: secondsThen, ...gateThen } = byExpress!.body;
  expect(gateNow).toEqual(gateThen);
  // A second may end between the two.
  if (retryAfterSeconds !== secondsThen) expect(Math.abs(retryAfterSeconds - secondsThen)).toBe(1);
  expect(Object.keys(answered!.body)).toEqual(Object.keys(byExpress!.body));
  expect(retryAfterSeconds !== undefined).toBe(balance === '0.00');
});

test('S5 the process that posted the usage says no at once, on the hot path too', async () => {
  const { id } = await openAccount(api, '1.00');
  const asked = () => api.ask('GET', '/v1/authorize', { key: api.service, headers: { 'X-Account-Id': id } });
  expect((await asked()).status).toBe(200);
  await adjust(api, id, '-1.00');
  expect((await asked()).status).toBe(403);
});

test('a key in use is looked at in the background: it never waits, and a revocation elsewhere is followed within a second', async () => {
  const { pool } = api.database;
  const { key } = await createPlatformKey(pool, 'service', 'hot');
  const header = `Bearer ${key}`;
  let nowMs = 0;
  let answers = 0;
  const query = (...asked: unknown[]) =>
    (pool.query as (...given: unknown[]) => Promise<unknown>)(...asked).finally(() => (answers += 1));
  const own = createKeyring({ query } as unknown as Pool, () => nowMs, FAIL_CLOSED);
  try {
    expect(own.recall(header)).toBeUndefined();
    await own.authenticate(header);
    // Without the background it would be forgotten after 900 ms.
    for (let step = 0; step < 5; step++) {
      nowMs += 800;
      expect(own.recall(header)).toMatchObject({ role: 'service' });
      // The first answer may be of a look that was begun before this step.
      const before = answers;
      await until(
        () => answers,
        (all) => all >= before + 2,
      );
    }
    await pool.query('update api_keys set revoked_at = now() where name = $1', ['hot']);
    nowMs += 1_000;
    expect(own.recall(header)).toBeUndefined();
    await expect(own.authenticate(header)).rejects.toMatchObject({ code: 'unauthenticated' });
  } finally {
    await own.close();
  }
});

test('a key revoked by this process is refused at once', async () => {
  const made = (await api.ask('POST', '/v1/keys', { key: api.admin, body: { role: 'service', name: 'short' } })).body;
  const asked = () => api.ask('GET', `/v1/accounts/${rich.id}/gate`, { key: made.key });
  expect([(await asked()).status, (await asked()).status]).toEqual([200, 200]);
  await api.ask('DELETE', `/v1/keys/${made.id}`, { key: api.admin });
  expect((await asked()).status).toBe(401);
});

/** An API whose database falls silent: what is sent to it is neither answered nor refused. */
async function cutOff(
  onStale: 'fail_closed' | 'fail_open',
  work: (cut: TestApi, silence: () => void) => Promise<void>,
): Promise<void> {
  const url = new URL(api.database.url);
  const proxy = await startProxy(Number(url.port));
  url.port = String(proxy.port);
  const pool = openPool(url.href, { applicationName: 'cut-off' });
  const cut = await startTestApi({
    database: { ...api.database, url: url.href, pool, drop: async () => {} },
    gatePolicy: { onStale, staleAfterMs: 3_000 },
  });
  try {
    await work(cut, () => proxy.hold());
  } finally {
    proxy.release();
    await cut.close();
    await pool.end();
    await proxy.close();
  }
}

const gateOf = (where: TestApi, id: string) => where.ask('GET', `/v1/accounts/${id}/gate`, { key: where.service });
const authorized = (where: TestApi, id: string) =>
  where.ask('GET', '/v1/authorize', { key: where.service, headers: { 'X-Account-Id': id } });

test('S6 fail_closed: known gates and keys outlive the database for a while, then the answer is 503', () =>
  cutOff('fail_closed', async (cut, silence) => {
    expect((await gateOf(cut, rich.id)).body).toMatchObject({ allowed: true });
    silence();
    expect((await gateOf(cut, rich.id)).body).toMatchObject({ allowed: true });
    const stale = await until(
      () => gateOf(cut, rich.id),
      ({ status }) => status !== 200,
    );
    expect(stale).toMatchObject({
      status: 503,
      body: { code: expect.stringMatching(/^(gate_stale|database_unavailable)$/) },
    });
    expect(stale.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await authorized(cut, rich.id)).status).toBe(503);
  }));

test('S6 fail_open: the last known answer stands, unknown accounts are denied', () =>
  cutOff('fail_open', async (cut, silence) => {
    const soon = `soon-${Date.now()}`;
    expect((await gateOf(cut, rich.id)).body).toMatchObject({ allowed: true });
    expect((await gateOf(cut, poor.id)).body).toMatchObject({ allowed: false });
    silence();
    await openAccount(api, '100.00', soon);
    await sleep(8_000); // past the limit, and until the keyring knows that the database is away
    for (let again = 0; again < 5; again++) {
      expect(await gateOf(cut, rich.id)).toMatchObject({ status: 200, body: { allowed: true } });
      expect((await authorized(cut, rich.id)).status).toBe(200);
      expect((await authorized(cut, poor.id)).status).toBe(403);
    }
    expect((await authorized(cut, soon)).status).toBe(403);
    expect(await gateOf(cut, soon)).toMatchObject({ status: 200, body: { allowed: false, version: 0 } });
  }));
