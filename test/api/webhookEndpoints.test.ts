import { NOTICE_KINDS } from '../../domain/notice';
import { postNotice } from '../../ledger/notices/postNotice';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';

let api: TestApi;
let account: TestAccount;
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  account = await openAccount(api);
});
afterAll(() => api.close());

const url = 'https://hooks.example.com/ballast';
const path = (rest = '') => `/v1/accounts/${account.id}/webhook-endpoints${rest}`;
const asOwner = (method: string, rest = '', body?: unknown) =>
  api.ask(method, path(rest), { key: account.owner, ...(body !== undefined && { body }) });
const register = async (body: unknown = { url, events: ['*'] }): Promise<string> =>
  (await asOwner('POST', '', body)).body.id;
const secretsOf = async (id: string) =>
  (
    await api.database.pool.query<{ secret: string; expires_at: Date | null }>(
      'select secret, expires_at from webhook_secrets where endpoint_id = $1 order by id',
      [id],
    )
  ).rows;

test('N2 an endpoint is registered with a secret that is shown once', async () => {
  const { status, body } = await asOwner('POST', '', { url, events: ['suspended', 'refund'] });
  expect(status).toBe(201);
  expect(body).toEqual({ id: expect.any(String), secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) });
  const listed = await asOwner('GET');
  expect(listed.body).toEqual({
    data: [{ id: body.id, url, events: ['suspended', 'refund'], createdAt: expect.any(String), disabled: null }],
  });
  const audit = await api.ask('GET', `/v1/accounts/${account.id}/audit`, { key: account.owner });
  expect(audit.body.data).toMatchObject([{ action: 'webhook.add' }, { action: 'account.create' }]);
  expect(JSON.stringify(audit.body)).not.toContain('whsec_');
});

test.each([
  ['http://hooks.example.com/', 'It must begin with https://.'],
  ['https://user:pw@hooks.example.com/', 'user name'],
  ['https://127.0.0.1/', 'private address'],
  ['https://2130706433/', 'private address'],
  ['https://[::ffff:10.0.0.1]/', 'private address'],
  ['https://localhost/', 'private address'],
  ['https://hooks.example.com:25/', 'port'],
])('N2 %s is refused by name and nothing is registered', async (refused, why) => {
  const { status, body } = await asOwner('POST', '', { url: refused, events: ['*'] });
  expect({ status, code: body.code }).toEqual({ status: 422, code: 'webhook_url_refused' });
  expect(body.errors).toEqual([{ path: 'url', message: expect.stringContaining(why) }]);
  expect((await asOwner('GET')).body.data).toEqual([]);
});

test.each([
  [{ events: ['*'] }],
  [{ url }],
  [{ url, events: [] }],
  [{ url, events: ['nonsense'] }],
  [{ url, events: ['*', 'refund'] }],
  [{ url, events: ['refund', 'refund'] }],
  [{ url: 'nonsense', events: ['*'] }],
  [{ url: 'javascript:alert(1)', events: ['*'] }],
  [{ url: `https://hooks.example.com/${'x'.repeat(2_000)}`, events: ['*'] }],
  [{ url, events: ['*'], secret: 'mine' }],
])('N2 %j does not fit: 400', async (body) => {
  expect(await asOwner('POST', '', body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
});

test('N2 an unknown event names the field and what it may be', async () => {
  const { body } = await asOwner('POST', '', { url, events: ['nonsense'] });
  expect(body.errors[0]).toMatchObject({ path: 'events', message: expect.stringContaining(NOTICE_KINDS.join(', ')) });
});

test('N2 of twenty registered at once an account has ten', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => asOwner('POST', '', { url, events: ['*'] })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
  expect(answers.find(({ status }) => status !== 201)).toMatchObject({
    status: 409,
    body: { code: 'limit_reached', limit: 10, in_use: 10, detail: expect.stringContaining('0 to 10') },
  });
  expect((await asOwner('GET')).body.data).toHaveLength(10);
  await asOwner('DELETE', `/${await firstId()}`);
  expect((await asOwner('POST', '', { url, events: ['*'] })).status).toBe(201);
});
const firstId = async (): Promise<string> => (await asOwner('GET')).body.data[0].id;

test('N2 a removed endpoint is gone with its secrets and gets no more notices', async () => {
  const id = await register();
  expect((await asOwner('DELETE', `/${id}`)).status).toBe(204);
  expect((await asOwner('GET')).body.data).toEqual([]);
  expect(await secretsOf(id)).toEqual([]);
  await postNotice(api.database.pool, account.id, `${account.id}/1`, { kind: 'resumed', available: '1.00' });
  for (const [method, rest] of [
    ['DELETE', ''],
    ['POST', '/test'],
    ['POST', '/rotate'],
    ['GET', '/deliveries'],
  ] as const) {
    expect(await asOwner(method, `/${id}${rest}`)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  }
  expect((await notices())[0].deliveries.map(({ to }: { to: string }) => to)).toEqual([`owner@${account.id}.example`]);
});
const notices = async (): Promise<any[]> =>
  (await api.ask('GET', `/v1/accounts/${account.id}/notices`, { key: account.owner })).body.data;

test('N2 after a rotation the old secret signs for a day more; at most five sign at once', async () => {
  const id = await register();
  const [first] = await secretsOf(id);
  const { status, body } = await asOwner('POST', `/${id}/rotate`);
  expect(status).toBe(201);
  expect(body.secret).toMatch(/^whsec_/);
  expect(Date.parse(body.oldSecretSignsUntil) - Date.now()).toBeGreaterThan(23.9 * 3_600_000);
  expect(await secretsOf(id)).toEqual([
    { ...first, expires_at: new Date(body.oldSecretSignsUntil) },
    { secret: body.secret, expires_at: null },
  ]);
  await Promise.all(Array.from({ length: 10 }, () => asOwner('POST', `/${id}/rotate`)));
  const secrets = await secretsOf(id);
  expect(secrets).toHaveLength(5);
  expect(secrets.filter(({ expires_at }) => expires_at === null)).toHaveLength(1);
});

test('N2 the endpoint of another account is not there', async () => {
  const id = await register();
  const other = await openAccount(api);
  const asOther = (method: string, rest: string) =>
    api.ask(method, `/v1/accounts/${other.id}/webhook-endpoints/${id}${rest}`, { key: other.owner });
  for (const [method, rest] of [
    ['DELETE', ''],
    ['POST', '/test'],
    ['POST', '/rotate'],
    ['GET', '/deliveries'],
  ] as const) {
    expect((await asOther(method, rest)).status).toBe(404);
  }
  expect((await asOwner('GET')).body.data).toHaveLength(1);
});

test('N2 a notice makes one delivery for each endpoint that wants it, however often it is posted, and both ways are listed', async () => {
  await register({ url: 'https://all.example.com/', events: ['*'] });
  await register({ url: 'https://some.example.com/', events: ['suspended', 'resumed'] });
  await register({ url: 'https://others.example.com/', events: ['refund'] });
  await Promise.all(
    Array.from({ length: 5 }, () =>
      postNotice(api.database.pool, account.id, `${account.id}/1`, { kind: 'resumed', available: '1.00' }),
    ),
  );
  expect((await notices())[0]).toMatchObject({
    kind: 'resumed',
    deliveries: [
      { to: `owner@${account.id}.example`, status: 'pending', attempts: 0 },
      { to: 'https://all.example.com/', status: 'pending', attempts: 0 },
      { to: 'https://some.example.com/', status: 'pending', attempts: 0 },
    ],
  });
});

test('N2 a test is accepted and listed among the deliveries, page by page', async () => {
  const id = await register();
  const sent = [await asOwner('POST', `/${id}/test`), await asOwner('POST', `/${id}/test`)].map(
    ({ status, body }) => (expect(status).toBe(202), body.deliveryId),
  );
  const first = await asOwner('GET', `/${id}/deliveries?limit=1`);
  expect(first.body.data).toEqual([
    {
      id: sent[1],
      type: 'test',
      status: 'pending',
      attempts: 0,
      lastStatus: null,
      lastError: null,
      at: expect.any(String),
      endedAt: null,
    },
  ]);
  const second = await asOwner('GET', `/${id}/deliveries?limit=1&cursor=${first.body.nextCursor}`);
  expect(second.body).toMatchObject({ data: [{ id: sent[0] }], nextCursor: null });
});

test('N2 a deployment that allows it takes http and private addresses', async () => {
  const dev = await startTestApi({ database: api.database, allowPrivateWebhooks: true });
  const { status } = await dev.ask('POST', path(), {
    key: account.owner,
    body: { url: 'http://127.0.0.1:8080/', events: ['*'] },
  });
  await dev.close();
  expect(status).toBe(201);
});
