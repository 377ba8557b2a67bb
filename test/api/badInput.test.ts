import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { routes } from '../../api/routes';
import { toCsv } from '../../api/http/csv';
import { toProblem } from '../../api/http/problems';
import { toKeepable } from '../../domain/checkEvent';
import { transaction } from '../../ledger/db';
import { openAccount, putModel, report, startTestApi, type TestAccount, type TestApi } from '../support/api';

let api: TestApi;
let account: TestAccount;
beforeAll(async () => {
  api = await startTestApi();
  await putModel(api);
  account = await openAccount(api, '10.00');
});
afterAll(() => api.close());

/** Strings as nobody should send them. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '\u0000',
    '\ud800',
    '__proto__',
    'constructor',
    "'; drop table accounts; --",
    '%00',
    '../..',
    '1e999',
    '-0',
    'NaN',
    ' ',
    'x'.repeat(300),
    '10.00',
    '2026-02-31T00:00:00Z',
  ),
);
const value: fc.Arbitrary<unknown> = fc.oneof(
  nasty,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(0, -1, 0.1, 1e308, null, true, [], {}),
);

/** An answer to bad input: never our mistake. Dependencies that are not there answer 503. */
const isFine = (status: number) => status < 500 || status === 503;

// What waits for Temporal or Stripe is left out: nobody is there in this test.
const asked = routes.filter(
  ({ path, method }) =>
    !/workflow|auto-reload\/|setup|readyz|reconcile/.test(path) &&
    !(method === 'delete' && path.endsWith('auto-reload')),
);

test.each(asked.map((route) => ({ route, name: `${route.method} ${route.path}` })))(
  '$name never answers 500, whatever comes',
  async ({ route }) => {
    const key = route.who.includes('admin') ? api.admin : route.who.includes('service') ? api.service : account.owner;
    const fields = Object.keys((route.endpoint.body?.schema as { shape?: object } | undefined)?.shape ?? {});
    const params = Object.keys((route.endpoint.query as { shape?: object } | undefined)?.shape ?? {});
    const record = (names: string[]) => fc.dictionary(fc.constantFrom(...names, 'other'), value, { maxKeys: 4 });
    await fc.assert(
      fc.asyncProperty(
        record(fields),
        record(params),
        fc.array(nasty, { minLength: 3, maxLength: 3 }),
        fc.boolean(),
        async (body, query, segments, own) => {
          const path = route.path
            .split('/')
            .map((part) =>
              !part.startsWith(':') ? part : part === ':id' && own ? account.id : encode(segments.pop() ?? 'x') || 'x',
            )
            .join('/');
          const search = Object.entries(query)
            .map(([name, text]) => `${name}=${encode(typeof text === 'string' ? text : JSON.stringify(text))}`)
            .join('&');
          const { status } = await api.ask(route.method.toUpperCase(), `${path}?${search}`, {
            key,
            headers: { 'Idempotency-Key': 'fuzz' },
            ...(route.endpoint.body && { body }),
          });
          expect([status, isFine(status)]).toEqual([status, true]);
        },
      ),
      { numRuns: 30 },
    );
  },
);

/** As a URL has it; half a character has no encoding. */
const encode = (text: string): string => encodeURIComponent(text.replace(/\p{Cs}/gu, '?'));

test('usage with anything in its events is 200, and the ledger stays right', async () => {
  const good = { id: 'good', accountId: account.id, model: 'model', inputTokens: 1 };
  const events = fc.array(
    fc.oneof(
      value,
      fc.record(
        {
          id: value,
          accountId: fc.oneof(fc.constant(account.id), value),
          model: fc.constant('model'),
          inputTokens: value,
          at: value,
          imageSize: value,
        },
        { requiredKeys: [] },
      ),
      fc.constant(good),
    ),
    { minLength: 1, maxLength: 10 },
  );
  await fc.assert(
    fc.asyncProperty(events, async (list) => {
      const { status, body } = await report(api, list);
      expect(status).toBe(200);
      expect(body.accepted + body.duplicates + body.rejected.length).toBe(list.length);
    }),
    { numRuns: 100 },
  );
  expect((await api.ask('GET', `/v1/accounts/${account.id}/rejected-usage?limit=200`, { key: api.admin })).status).toBe(
    200,
  );
});

test('times and cursors at the edge of what can be written are answered, not failed on', async () => {
  const ask = async (path: string) =>
    (await api.ask('GET', `/v1/accounts/${account.id}${path}`, { key: api.admin })).status;
  expect(await ask('/usage?from=0000-01-01')).toBe(400);
  expect(await ask('/usage?from=0001-01-01&to=9999-12-31&groupBy=day')).toBe(200);
  for (const list of ['transactions', 'reloads', 'decisions', 'audit', 'rejected-usage'])
    expect(await ask(`/${list}?cursor=999999999999999999`)).toBe(200);
  expect(await ask('/transactions/9007199254740991/events')).toBe(404);
  for (const from of ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) {
    const body = {
      provider: 'P',
      license: 'open',
      input: ['text'],
      output: 'text',
      batch: false,
      prices: [{ from, inputPerMillion: '999999999.999999999' }],
    };
    expect([201, 400]).toContain((await api.ask('PUT', `/v1/models/at-${from}`, { key: api.admin, body })).status);
  }
  expect((await api.ask('GET', '/v1/models', { key: api.admin })).status).toBe(200);
});

test('a body nested without end is refused, not crashed on', async () => {
  const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
  expect((await api.ask('POST', '/v1/accounts', { key: api.admin, raw: deep })).status).toBe(400);
  expect((await api.ask('POST', '/v1/usage', { key: api.service, raw: `{"events":[${deep}]}` })).status).toBe(200);
});

test('what is kept of a rejected event is JSON that Postgres can store, for any value', async () => {
  await fc.assert(
    fc.asyncProperty(value, async (raw) => {
      await api.database.pool.query('select $1::jsonb', [toKeepable(raw)]);
    }),
    { numRuns: 200 },
  );
  expect(toKeepable('\\u0000')).toBe('"\\\\u0000"');
  expect(toKeepable('\u0000\u0000')).toBe('"\\ufffd\\ufffd"');
});

test('a CSV cell that a spreadsheet would run as a formula begins with an apostrophe; numbers stay numbers', () => {
  const cells = ['=1+1', '+1', '-1+1', '@SUM(A1)', '\tx', '-5.00', '-5', 'a=b', '-', '=HYPERLINK("http://x","y")'];
  expect(
    toCsv(
      ['c'],
      cells.map((c) => ({ c })),
    )
      .split('\r\n')
      .slice(1, -1),
  ).toEqual([
    "'=1+1",
    "'+1",
    "'-1+1",
    "'@SUM(A1)",
    "'\tx",
    '-5.00',
    '-5',
    'a=b',
    "'-",
    '"\'=HYPERLINK(""http://x"",""y"")"',
  ]);
});

test('CSV quotes what needs it', () => {
  expect(toCsv(['a', 'b'], [{ a: 'x,"y"', b: 1 }, { a: 'line\nbreak' }])).toBe(
    'a,b\r\n"x,""y""",1\r\n"line\nbreak",\r\n',
  );
});

test('a name twice in a JSON object is 400 on any route, and nothing moves', async () => {
  const amounts = '"amount":"5.00","am\\u006funt":"9999.00"';
  const before = (await api.ask('GET', `/v1/accounts/${account.id}`, { key: api.admin })).body.balance;
  const ask = (method: string, path: string, key: string, raw: string, headers = {}) =>
    api.ask(method, path, { key, raw, headers: { 'Idempotency-Key': 'twice', ...headers } });
  const own = `/v1/accounts/${account.id}`;
  const event = `{"id":"twice","accountId":"${account.id}","model":"model","inputTokens":1,"inputTokens":1000000}`;
  const lines = { 'Content-Type': 'application/x-ndjson' };
  for (const answer of [
    await ask('POST', `${own}/adjustments`, api.admin, `{${amounts},"reason":"x"}`),
    await ask('POST', `${own}/prepayments`, account.owner, `{${amounts}}`),
    await ask('POST', `${own}/holds`, api.service, `{${amounts}}`),
    await ask('POST', '/v1/usage', api.service, `{"events":[${event}]}`),
    await ask('POST', '/v1/usage', api.service, event, lines),
    await ask('POST', '/v1/usage', api.service, '{"events":[],"events":[]}'),
  ])
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  const after = (await api.ask('GET', own, { key: api.admin })).body.balance;
  expect(after).toBe(before);
  expect(before).toMatch(/^\d+\.\d+$/);
});

test("text that is too long for an index is the caller's mistake, where no schema has caught it", async () => {
  const tooLong = await transaction(api.database.pool, async (tx) => {
    await tx.query('create temporary table named (name text unique) on commit drop');
    await tx.query('insert into named values ($1)', [randomBytes(5_000).toString('hex')]);
  }).catch((error: unknown) => error);
  expect(tooLong).toMatchObject({ code: '54000' });
  expect(toProblem(tooLong)).toMatchObject({ status: 400, code: 'invalid_request' });
});
