/** Routes at a fixed address are found before Express, which must make no difference: an address with an empty query, which is left to Express, says. */
import { once } from 'node:events';
import { request, type IncomingHttpHeaders } from 'node:http';
import { gzipSync } from 'node:zlib';
import { openAccount, putModel, report, startTestApi, type TestAccount, type TestApi } from '../support/api';

let api: TestApi;
let account: TestAccount;
beforeAll(async () => {
  api = await startTestApi();
  account = await openAccount(api, '10.00');
  await putModel(api);
  await report(api, [event('known')]);
});
afterAll(() => api.close());

const event = (id: string) => ({ id, accountId: account.id, model: 'model', inputTokens: 1 });
const events = (...list: unknown[]) => JSON.stringify({ events: list });
const many = (count: number) => events(...Array.from({ length: count }, () => ({})));

type Sent = {
  method?: string;
  path?: string;
  key?: string | null;
  headers?: Record<string, string>;
  body?: string | Buffer;
};
type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

async function ask(
  isForExpress: boolean,
  { method = 'POST', path = '/v1/usage', key, headers, body }: Sent,
): Promise<Answer> {
  const { port } = new URL(api.url);
  const asked = request({
    port,
    host: '127.0.0.1',
    method,
    path: isForExpress ? `${path}?` : path,
    headers: {
      ...(key !== null && { Authorization: `Bearer ${key ?? api.service}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
  }).end(body);
  const [response] = await once(asked, 'response');
  const chunks: Buffer[] = await response.toArray();
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
}

/** Without what differs between two equal answers. */
function comparable({ status, headers: { date: _date, 'x-request-id': id, ...headers }, body }: Answer) {
  const isOurs = /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id as string);
  return { status, headers, id: isOurs ? 'ours' : id, body: body.replace(/"asOf":"[^"]+"/g, '"asOf":"…"') };
}

const rows: [name: string, status: number, sent: () => Sent][] = [
  ['a duplicate', 200, () => ({ body: events(event('known')) })],
  ['a rejected event', 200, () => ({ body: events({ ...event('a'), model: 'none' }) })],
  ['an event of a foreign shape', 200, () => ({ body: events(null) })],
  ['a request id of the caller', 200, () => ({ body: events(event('known')), headers: { 'X-Request-Id': 'mine/1' } })],
  [
    'a request id that is none',
    200,
    () => ({ body: events(event('known')), headers: { 'X-Request-Id': 'two words' } }),
  ],
  [
    'a charset',
    200,
    () => ({ body: events(event('known')), headers: { 'Content-Type': 'Application/JSON; charset=utf-8' } }),
  ],
  [
    'lines',
    200,
    () => ({ body: `${JSON.stringify(event('known'))}\n`, headers: { 'Content-Type': 'application/x-ndjson' } }),
  ],
  ['in chunks', 200, () => ({ body: events(event('known')), headers: { 'Transfer-Encoding': 'chunked' } })],
  ['after 100 Continue', 200, () => ({ body: events(event('known')), headers: { Expect: '100-continue' } })],
  ['a line that is broken', 400, () => ({ body: '{}\n{', headers: { 'Content-Type': 'application/x-ndjson' } })],
  ['no key', 401, () => ({ key: null, body: events(event('known')) })],
  ['an unknown key', 401, () => ({ key: 'bk_of_nobody', body: events(event('known')) })],
  ['a key of another kind', 401, () => ({ key: null, headers: { Authorization: 'Basic YTpi' }, body: '{}' })],
  ["an owner's key", 403, () => ({ key: account.owner, body: events(event('known')) })],
  [
    "an admin's key, and a wrong format",
    403,
    () => ({ key: api.admin, body: 'x', headers: { 'Content-Type': 'text/csv' } }),
  ],
  ['no content type', 415, () => ({ headers: { 'Content-Length': '0' } })],
  [
    'another content type',
    415,
    () => ({ body: 'a=b', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }),
  ],
  ['compressed', 415, () => ({ body: gzipSync('{}'), headers: { 'Content-Encoding': 'gzip' } })],
  ['too large, as it says', 413, () => ({ body: Buffer.alloc(9_000_000, ' ') })],
  [
    'too large, in chunks',
    413,
    () => ({ body: Buffer.alloc(9_000_000, ' '), headers: { 'Transfer-Encoding': 'chunked' } }),
  ],
  ['too many events', 413, () => ({ body: many(5_001) })],
  ['an empty body', 400, () => ({ body: '' })],
  ['a body that is not JSON', 400, () => ({ body: '{"events":[' })],
  ['a body that is not UTF-8', 400, () => ({ body: Buffer.from([0x22, 0xff, 0x22]) })],
  ['a list', 400, () => ({ body: '[]' })],
  ['no events', 400, () => ({ body: events() })],
  ['one more field', 400, () => ({ body: '{"events":[{}],"more":1}' })],
  ['another method', 405, () => ({ method: 'PUT', body: '{}' })],
  ['GET', 405, () => ({ method: 'GET' })],
  ['a query', 200, () => ({ path: '/v1/usage?a=b', body: events(event('known')) })],
  ['a slash at the end', 200, () => ({ path: '/v1/usage/', body: events(event('known')) })],
  ['another case', 404, () => ({ path: '/v1/Usage', body: '{}' })],
  ['an escape', 404, () => ({ path: '/v1/us%61ge', body: '{}' })],
  ['health', 200, () => ({ method: 'GET', path: '/healthz', key: null })],
  ['health by HEAD', 200, () => ({ method: 'HEAD', path: '/healthz', key: null })],
  ['a list of keys', 200, () => ({ method: 'GET', path: '/v1/keys', key: api.admin })],
  ['a wrong body elsewhere', 400, () => ({ path: '/v1/accounts', key: api.admin, body: '{"id":"a b"}' })],
];

test.each(rows)('%s: %i, with and without Express', async (_name, status, sent) => {
  const [found, byExpress] = [await ask(false, sent()), await ask(true, sent())];
  expect(comparable(found)).toEqual(comparable(byExpress));
  expect(found.status).toBe(status);
});
