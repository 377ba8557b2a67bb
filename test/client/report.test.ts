import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ApiError,
  BufferFull,
  EventTooLarge,
  Unauthenticated,
  UnsentEvents,
  Unreachable,
  type ClientOptions,
} from '../../client';
import { adjust, openAccount, putModel, startTestApi, type TestApi } from '../support/api';
import { until } from '../support/notices';
import { startProxy, type Proxy } from '../support/proxy';
import { startReceiver } from '../support/receiver';
import { times } from '../support/times';
import { charged, notedClient, type NotedClient } from './support';

let api: TestApi;
let proxy: Proxy;
let client: NotedClient;
beforeAll(async () => {
  api = await startTestApi();
  proxy = await startProxy(Number(new URL(api.url).port));
  await putModel(api);
});
afterAll(async () => {
  await proxy.close();
  await api.close();
});
afterEach(() => client?.close(0).catch(() => undefined));

/** Where nobody listens. */
const NOBODY = 'http://127.0.0.1:9';
const event = (accountId: string, id: string) => ({ id, accountId, model: 'model', inputTokens: 1_000 });

test('B3 what is reported is charged once, however often the same id is reported', async () => {
  const { id } = await openAccount(api, '100.00');
  client = notedClient({ url: api.url, key: api.service, reporting: { batchEventsMax: 100 } });
  for (const i of [...times(1_050, (n) => n), ...times(50, (n) => n)]) client.report(event(id, `e${i}`));
  await client.flush(20_000);
  expect(client.buffered).toEqual({ events: 0, bytes: 0 });
  expect(await charged(api.database, id)).toEqual({ events: 1_050, cost: '1050000000' });
  expect(client.errors).toEqual([]);
});

test('an event without an id gets one, and the time at which it was reported', async () => {
  const { id } = await openAccount(api, '100.00');
  client = notedClient({ url: api.url, key: api.service });
  const beforeMs = Date.now();
  const given = client.report({ accountId: id, model: 'model', outputTokens: 7 });
  const afterMs = Date.now();
  await sleep(100);
  await client.flush(20_000);
  const { rows } = await api.database.pool.query('select event_id, at from usage_events where account_id = $1', [id]);
  expect(rows).toEqual([{ event_id: given, at: expect.any(Date) }]);
  expect(rows[0].at.getTime()).toBeGreaterThanOrEqual(beforeMs);
  expect(rows[0].at.getTime()).toBeLessThanOrEqual(afterMs);
});

test('B4 rejected events go to the callback, each with its reason; the others are charged', async () => {
  const { id } = await openAccount(api, '100.00');
  client = notedClient({ url: api.url, key: api.service });
  client.report(event(id, 'good'));
  client.report({ ...event(id, 'strange'), model: 'nowhere' });
  client.report({ ...event(id, 'negative'), inputTokens: -1 });
  await client.flush(20_000);
  expect(client.rejected).toMatchObject([
    { event: { id: 'strange', accountId: id }, code: 'unknown_model', message: expect.any(String) },
    { event: { id: 'negative' }, code: 'invalid_event' },
  ]);
  expect(await charged(api.database, id)).toMatchObject({ events: 1 });
});

test('B3 a count that is NaN is not free: it is refused by name and kept for the admins', async () => {
  const { id } = await openAccount(api, '100.00');
  client = notedClient({ url: api.url, key: api.service });
  client.report({ ...event(id, 'nan'), outputTokens: NaN });
  client.report({ ...event(id, 'infinite'), inputTokens: Infinity });
  await client.flush(20_000);
  expect(client.rejected).toMatchObject([
    {
      event: { id: 'nan', outputTokens: 'NaN' },
      code: 'invalid_event',
      message: expect.stringContaining('outputTokens'),
    },
    {
      event: { id: 'infinite', inputTokens: 'Infinity' },
      code: 'invalid_event',
      message: expect.stringContaining('inputTokens'),
    },
  ]);
  const { body } = await api.ask('GET', `/v1/accounts/${id}/rejected-usage`, { key: api.admin });
  expect(body.data).toHaveLength(2);
  const hold = await client.hold(id, { amount: '1.00' });
  await expect(hold.settle({ model: 'model', inputTokens: 1, outputTokens: NaN })).rejects.toMatchObject({
    name: 'EventsRejected',
  });
  expect(await charged(api.database, id)).toMatchObject({ events: 0 });
});

test('what an async callback throws does not end the process', async () => {
  const { id } = await openAccount(api, '100.00');
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  client = notedClient({
    url: api.url,
    key: api.service,
    onRejected: () => Promise.reject(new Error('a later mistake')) as never,
  });
  client.report({ ...event(id, 'strange'), model: 'nowhere' });
  await client.flush(20_000);
  await sleep(0);
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('a later mistake'), 'BallastWarning', 'ballast_callback');
  warn.mockRestore();
});

test('what a callback throws does not stop the sending', async () => {
  const { id } = await openAccount(api, '100.00');
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  client = notedClient({
    url: api.url,
    key: api.service,
    onRejected: () => {
      throw new Error('a mistake');
    },
  });
  client.report({ ...event(id, 'strange'), model: 'nowhere' });
  client.report(event(id, 'good'));
  await client.flush(20_000);
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('a mistake'), 'BallastWarning', 'ballast_callback');
  warn.mockRestore();
  expect(await charged(api.database, id)).toMatchObject({ events: 1 });
});

test('B3 no answer came: the same events are sent again under the same ids, and charged once', async () => {
  const { id } = await openAccount(api, '100.00');
  client = notedClient({ url: `http://127.0.0.1:${proxy.port}`, key: api.service, timeoutMs: 1_000 });
  client.report(event(id, 'first'));
  await client.flush(20_000);
  proxy.hold();
  times(20, (i) => client.report(event(id, `held-${i}`)));
  await until(
    () => client.errors.length,
    (n) => n >= 2,
  );
  proxy.release();
  await client.flush(20_000);
  expect(client.errors[0]).toBeInstanceOf(Unreachable);
  expect(await charged(api.database, id)).toEqual({ events: 21, cost: '21000000' });
});

test('a server that takes nothing: memory stays bounded, BufferFull is loud, room() lets go on, and nothing taken is lost', async () => {
  const { id } = await openAccount(api, '100.00');
  const bufferBytesMax = 500_000;
  client = notedClient({
    url: `http://127.0.0.1:${proxy.port}`,
    key: api.service,
    timeoutMs: 500,
    reporting: { bufferBytesMax },
  });
  proxy.hold();
  let taken = 0;
  const fill = () => {
    for (;;) client.report(event(id, `full-${taken++}`));
  };
  expect(fill).toThrow(BufferFull);
  taken -= 1;
  expect(client.buffered.events).toBe(taken);
  expect(client.buffered.bytes).toBeLessThanOrEqual(bufferBytesMax);
  expect(client.buffered.bytes).toBeGreaterThan(bufferBytesMax * 0.99);

  let hasRoom = false;
  const room = client.room().then(() => (hasRoom = true));
  await sleep(700);
  expect(hasRoom).toBe(false);
  proxy.release();
  await room;
  client.report(event(id, 'after'));
  await client.flush(30_000);
  expect(await charged(api.database, id)).toMatchObject({ events: taken + 1 });
});

test('whoever waits for room() and tries again never spins, however large the event; one that can never fit is told apart', async () => {
  client = notedClient({
    url: NOBODY,
    key: 'key',
    reporting: { bufferBytesMax: 2_000 },
  });
  const small = event('anybody', 'small');
  const large = { ...small, imageSize: 'x'.repeat(500) };
  while (client.buffered.bytes < 1_500) client.report(small); // room() asks for no more than 1,800
  expect(() => client.report(large)).toThrow(BufferFull);
  let hasRoom = false;
  void client.room().then(() => (hasRoom = true));
  await sleep(20);
  expect(hasRoom).toBe(false);
  expect(() => client.report({ ...large, imageSize: 'x'.repeat(2_000) })).toThrow(EventTooLarge);
});

test('429 and 503 are tried again, and not before Retry-After', async () => {
  const { id } = await openAccount(api, '100.00');
  const cameMs: number[] = [];
  const server = await startReceiver((response, nth) => {
    cameMs.push(performance.now());
    if (nth === 1)
      response
        .writeHead(503, { 'Retry-After': '1', 'Content-Type': 'application/problem+json' })
        .end('{"code":"database_unavailable","detail":"away"}');
    else
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end('{"accepted":1,"duplicates":0,"rejected":[],"gates":{}}');
  });
  client = notedClient({ url: `http://127.0.0.1:${server.port}`, key: api.service });
  client.report(event(id, 'patient'));
  await client.flush(20_000);
  expect(cameMs[1]! - cameMs[0]!).toBeGreaterThanOrEqual(990);
  expect(server.received[1]!.body).toBe(server.received[0]!.body);
  expect(client.errors).toMatchObject([{ code: 'database_unavailable', status: 503, retryAfterMs: 1_000 }]);
  await server.close();
});

test('a request that is refused as a whole is halved until the guilty event is found', async () => {
  const { id } = await openAccount(api, '100.00');
  client = notedClient({ url: api.url, key: api.service, timeoutMs: 10_000 });
  times(9, (i) => client.report(event(id, `fine-${i}`)));
  // Longer than any request may be.
  client.report({ ...event(id, 'huge'), imageSize: 'x'.repeat(9 * 1024 * 1024) });
  times(9, (i) => client.report(event(id, `fine-${i + 9}`)));
  await client.flush(20_000);
  expect(client.rejected).toMatchObject([{ event: { id: 'huge' }, code: 'too_large' }]);
  expect(await charged(api.database, id)).toMatchObject({ events: 18 });
});

test("B3 a 400 that is not Ballast's refuses no event: a wrong address is mended by people", async () => {
  const { id } = await openAccount(api, '100.00');
  let mended = false;
  const server = await startReceiver((response) => {
    if (mended)
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end('{"accepted":3,"duplicates":0,"rejected":[],"gates":{}}');
    else
      response
        .writeHead(400, { 'Content-Type': 'text/html' })
        .end('<h1>The plain HTTP request was sent to HTTPS port</h1>');
  });
  client = notedClient({ url: `http://127.0.0.1:${server.port}`, key: api.service });
  times(3, (i) => client.report(event(id, `e${i}`)));
  await until(
    () => client.errors.length,
    (n) => n >= 2,
  );
  expect(client.errors[0]).toMatchObject({ code: 'http_400', message: expect.stringContaining("not Ballast's") });
  expect(client.buffered.events).toBe(3);
  mended = true;
  await client.flush(20_000);
  expect(client.rejected).toEqual([]);
  await server.close();
});

test('a proxy on the way takes only small requests: a batch is halved until it fits', async () => {
  const server = await startReceiver((response) => {
    const { body } = server.received.at(-1)!;
    if (JSON.parse(body).events.length > 2)
      response.writeHead(413, { 'Content-Type': 'text/html' }).end('<h1>413</h1>');
    else
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end('{"accepted":1,"duplicates":0,"rejected":[],"gates":{}}');
  });
  client = notedClient({ url: `http://127.0.0.1:${server.port}`, key: 'key' });
  times(9, (i) => client.report(event('anybody', `e${i}`)));
  await client.flush(20_000);
  expect(client.rejected).toEqual([]);
  await server.close();
});

test('a wrong key loses nothing: it is told, the events wait, and close() hands them back', async () => {
  client = notedClient({ url: api.url, key: 'wrong' });
  client.report(event('anybody', 'waits'));
  await until(
    () => client.errors.length,
    (n) => n >= 2,
  );
  expect(client.errors[0]).toBeInstanceOf(Unauthenticated);
  const error = await client.close(50).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(UnsentEvents);
  expect(error).toMatchObject({
    cause: { code: 'unauthenticated' },
    message: expect.stringContaining('1 events could not be sent: '),
  });
  expect(error.events).toMatchObject([{ id: 'waits', accountId: 'anybody', at: expect.any(String) }]);
  expect(client.rejected).toEqual([]);
});

test.each([
  ['a login page', '<html>'],
  ['about an event that was not sent', '{"rejected":[{"index":7,"code":"invalid_event","message":""}],"gates":{}}'],
  ['with a gate that is none', '{"rejected":[],"gates":{"anybody":null}}'],
])("B3 an answer that is not the API's, such as %s, says nothing about the events", async (_what, answer) => {
  const server = await startReceiver((response) =>
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(answer),
  );
  client = notedClient({ url: `http://127.0.0.1:${server.port}`, key: api.service });
  client.report(event('anybody', 'waits'));
  await until(
    () => client.errors.length,
    (n) => n >= 2,
  );
  await expect(client.close(20)).rejects.toMatchObject({ code: 'unsent_events', events: [{ id: 'waits' }] });
  await server.close();
});

test('close() sends what is left at once, and takes nothing afterwards', async () => {
  const { id } = await openAccount(api, '100.00');
  client = notedClient({ url: api.url, key: api.service, reporting: { lingerMs: 60_000 } });
  times(30, (i) => client.report(event(id, `e${i}`)));
  await client.close(20_000);
  expect(await charged(api.database, id)).toMatchObject({ events: 30 });
  expect(() => client.report(event(id, 'late'))).toThrow('closed');
});

test('close() ends in its time without a server, and says what was not sent', async () => {
  client = notedClient({ url: NOBODY, key: 'key' });
  times(1_200, (i) => client.report(event('anybody', `e${i}`)));
  await sleep(100);
  const startedMs = performance.now();
  const error = await client.close(300).catch((thrown) => thrown);
  expect(performance.now() - startedMs).toBeLessThan(8_000); // a request alone may take 10 s
  expect(error.events.map(({ id }: { id: string }) => id).sort()).toEqual(times(1_200, (i) => `e${i}`).sort());
});

test('B3 close() waits out no pause of its own: an API that is back is asked at once', async () => {
  const server = await startReceiver((response, nth) => {
    if (nth <= 7) response.writeHead(503).end();
    else
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end('{"accepted":1,"duplicates":0,"rejected":[],"gates":{}}');
  });
  client = notedClient({ url: `http://127.0.0.1:${server.port}`, key: 'key' });
  client.report(event('anybody', 'waits'));
  await until(
    () => client.errors.length,
    (n) => n === 7,
  ); // the next pause is of 3.2 s at least
  await client.close(3_000);
  expect(server.received).toHaveLength(8);
  await server.close();
});

test('close() keeps to Retry-After', async () => {
  const cameMs: number[] = [];
  const server = await startReceiver((response, nth) => {
    cameMs.push(performance.now());
    if (nth === 1) response.writeHead(429, { 'Retry-After': '1' }).end();
    else
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end('{"accepted":1,"duplicates":0,"rejected":[],"gates":{}}');
  });
  client = notedClient({ url: `http://127.0.0.1:${server.port}`, key: 'key' });
  client.report(event('anybody', 'waits'));
  await until(() => client.errors.length, Boolean);
  await client.close(20_000);
  expect(cameMs).toHaveLength(2);
  expect(cameMs[1]! - cameMs[0]!).toBeGreaterThanOrEqual(990);
  await server.close();
});

test('an event that is no JSON, and options out of range, are refused at the call', async () => {
  client = notedClient({ url: api.url, key: api.service });
  expect(() => client.report({ ...event('a', 'b'), inputTokens: 1n as never })).toThrow(TypeError);
  expect(client.buffered.events).toBe(0);
});

test.each<[Partial<ClientOptions>, string]>([
  [{ reporting: { batchEventsMax: 5_001 } }, 'reporting.batchEventsMax is 5001: it must be from 1 to 5000.'],
  [{ reporting: { bufferBytesMax: NaN } }, 'reporting.bufferBytesMax is NaN: it must be at least 1.'],
  [{ reporting: { lingerMs: -1 } }, 'reporting.lingerMs is -1: it must be from 0 to 2147483647.'],
  [{ timeoutMs: Infinity }, 'timeoutMs is Infinity: it must be from 1 to 2147483647.'],
  [{ holdPatienceMs: NaN }, 'holdPatienceMs is NaN'],
  [{ gate: { policy: 'fail-open' as never } }, 'gate.policy is fail-open: it must be fail_closed or fail_open.'],
  [{ gate: { staleMsMax: Infinity } }, 'gate.staleMsMax is Infinity'],
  [{ url: 'ftp://nowhere' }, 'must be http or https'],
  [{ url: undefined }, 'url is undefined: it must be the address of the API'],
  [{ url: 'http://user:secret@nowhere' }, 'url has a user name'],
  [{ key: undefined }, 'key is missing'],
  [{ key: 'two words' }, 'key is missing, or is not a key'],
])('options that can not be meant are refused: %j', (options, message) => {
  expect(() => notedClient({ url: api.url, key: 'k', ...options })).toThrow(message);
});

test('a key read from a file may end with a line break', async () => {
  const { id } = await openAccount(api, '100.00');
  client = notedClient({ url: `${api.url}/`, key: `${api.service}\n` });
  client.report(event(id, 'e'));
  await client.flush(20_000);
  expect(await charged(api.database, id)).toMatchObject({ events: 1 });
});

test('S5 reported usage brings the gate along; B5 hold, settle, release', async () => {
  const { id } = await openAccount(api, '1.00');
  client = notedClient({ url: api.url, key: api.service });
  const hold = await client.hold(id, { estimate: { model: 'model', inputTokens: 100_000, maxOutputTokens: 200_000 } });
  expect(hold).toMatchObject({ accountId: id, amount: '0.50', expiresAt: expect.any(String) });
  await expect(client.hold(id, { amount: '0.51' })).rejects.toMatchObject({
    name: 'InsufficientFunds',
    status: 402,
    available: '0.50',
  });
  const usage = { model: 'model', inputTokens: 100_000, outputTokens: 50_000 };
  expect(await hold.settle(usage)).toEqual({ status: 'settled', charged: '0.20', released: '0.30' });
  expect(await hold.settle(usage)).toEqual({ status: 'settled', charged: '0.20', released: '0.30' });
  await expect(hold.release()).rejects.toMatchObject({ name: 'HoldEnded' });
  const second = await client.hold(id, { amount: '0.80' });
  await second.release();
  await second.release();
  await adjust(api, id, '-0.80');
  await expect(client.hold(id, { amount: '0.01' })).rejects.toMatchObject({
    name: 'AccountSuspended',
    reasons: ['balance_exhausted'],
  });
  await expect(client.hold('nobody', { amount: '0.01' })).rejects.toMatchObject({ name: 'NotFound' });
  await expect(client.hold(id, { amount: 'much' })).rejects.toBeInstanceOf(ApiError);
});

test('B5 events of a hold that can not be taken are refused, and the hold stays open', async () => {
  const { id } = await openAccount(api, '1.00');
  client = notedClient({ url: api.url, key: api.service });
  const hold = await client.hold(id, { amount: '0.50' });
  await expect(hold.settle({ model: 'nowhere', inputTokens: 1 })).rejects.toMatchObject({ name: 'EventsRejected' });
  expect(await hold.settle({ model: 'model', inputTokens: 1_000 })).toMatchObject({
    status: 'settled',
    charged: '0.001',
  });
});

test.each(['released', 'unknown'])(
  'B5 usage of a hold that is %s by now is charged once, without the hold',
  async (fate) => {
    const { id } = await openAccount(api, '1.00');
    client = notedClient({ url: api.url, key: api.service });
    const hold = await client.hold(id, { amount: '0.50' });
    await hold.release();
    // As after a restore from before it was placed.
    if (fate === 'unknown') await api.database.owner.query('delete from holds where id = $1', [hold.id]);
    const usage = { model: 'model', inputTokens: 1_000 };
    for (let time = 0; time < 2; time++) expect(await hold.settle(usage)).toEqual({ status: 'queued' });
    await client.flush(20_000);
    expect(await charged(api.database, id)).toEqual({ events: 1, cost: '1000000' });
    expect(client.rejected).toEqual([]);
  },
);

test('B5 a hold that is settled again with other usage charges nothing more, and says so', async () => {
  const { id } = await openAccount(api, '1.00');
  client = notedClient({ url: api.url, key: api.service });
  const hold = await client.hold(id, { amount: '0.50' });
  await hold.settle({ model: 'model', inputTokens: 1_000 });
  expect(await hold.settle({ model: 'model', inputTokens: 2_000 })).toEqual({ status: 'queued' });
  await client.flush(20_000);
  expect(await charged(api.database, id)).toEqual({ events: 1, cost: '1000000' });
  expect(client.rejected).toMatchObject([{ event: { id: `${hold.id}/0` }, code: 'event_conflict' }]);
});

test('B5 the answer to a settlement is lost: the usage is queued, charged once, and the hold is settled', async () => {
  const { id } = await openAccount(api, '1.00');
  client = notedClient({
    url: `http://127.0.0.1:${proxy.port}`,
    key: api.service,
    timeoutMs: 1_000,
    holdPatienceMs: 2_000,
  });
  const hold = await client.hold(id, { amount: '0.50' });
  proxy.hold();
  expect(
    await hold.settle([
      { model: 'model', inputTokens: 100_000 },
      { model: 'model', inputTokens: 100_000 },
    ]),
  ).toEqual({ status: 'queued' });
  proxy.release();
  await client.flush(20_000);
  expect(await charged(api.database, id)).toEqual({ events: 2, cost: '200000000' });
  const { body } = await api.ask('GET', `/v1/accounts/${id}/holds/${hold.id}`, { key: api.service });
  expect(body).toMatchObject({ status: 'settled', charged: '0.20' });
  expect((await api.ask('GET', `/v1/accounts/${id}`, { key: api.service })).body).toMatchObject({
    balance: '0.80',
    held: '0.00',
  });
});

test('B5 a hold asked for while no answer comes is placed once', async () => {
  const { id } = await openAccount(api, '1.00');
  client = notedClient({
    url: `http://127.0.0.1:${proxy.port}`,
    key: api.service,
    timeoutMs: 200,
    holdPatienceMs: 30_000,
  });
  proxy.hold();
  const placing = client.hold(id, { amount: '0.60' });
  await sleep(500);
  proxy.release();
  await placing;
  const { body } = await api.ask('GET', `/v1/accounts/${id}/holds`, { key: api.service });
  expect(body.data).toHaveLength(1);
});

test('B5 a hold on a connection that died unnoticed has time for another', async () => {
  const server = await startReceiver((response, nth) => {
    if (nth === 1) return; // and nothing ever
    response
      .writeHead(201, { 'Content-Type': 'application/json' })
      .end('{"id":"h","accountId":"a","amount":"0.50","status":"open","expiresAt":"2030-01-01T00:00:00Z"}');
  });
  client = notedClient({ url: `http://127.0.0.1:${server.port}`, key: 'key', holdPatienceMs: 4_000 });
  expect(await client.hold('a', { amount: '0.50' })).toMatchObject({ id: 'h' });
  expect(server.received[1]!.headers['idempotency-key']).toBe(server.received[0]!.headers['idempotency-key']);
  await server.close();
});

test('B5 the key is revoked before a settlement: the usage waits in the buffer, as reported usage does', async () => {
  const { id } = await openAccount(api, '1.00');
  const { body: made } = await api.ask('POST', '/v1/keys', {
    key: api.admin,
    body: { role: 'service', name: 'revoked' },
  });
  client = notedClient({ url: api.url, key: made.key });
  const hold = await client.hold(id, { amount: '0.50' });
  await api.ask('DELETE', `/v1/keys/${made.id}`, { key: api.admin });
  expect(await hold.settle({ model: 'model', inputTokens: 1_000 })).toEqual({ status: 'queued' });
  await until(() => client.errors.length, Boolean);
  const error = await client.close(50).catch((thrown) => thrown);
  expect(error.events).toMatchObject([{ accountId: id, holdId: hold.id, id: `${hold.id}/0`, inputTokens: 1_000 }]);
});

test("B5 a 200 that is not the API's settles nothing: the usage is queued", async () => {
  const server = await startReceiver((response, nth) => {
    const hold = { id: 'h', accountId: 'a', amount: '0.50', status: 'open', expiresAt: '2030-01-01T00:00:00Z' };
    response
      .writeHead(200, { 'Content-Type': 'application/json' })
      .end(nth === 1 ? JSON.stringify(hold) : '{"login":"please"}');
  });
  client = notedClient({ url: `http://127.0.0.1:${server.port}`, key: 'key', holdPatienceMs: 2_000 });
  const hold = await client.hold('a', { amount: '0.50' });
  expect(await hold.settle({ model: 'model', inputTokens: 1 })).toEqual({ status: 'queued' });
  await expect(client.close(50)).rejects.toMatchObject({ code: 'unsent_events', events: [{ holdId: 'h' }] });
  await server.close();
});

test('B5 close() waits for a settlement that nobody waits for', async () => {
  const { id } = await openAccount(api, '1.00');
  client = notedClient({ url: `http://127.0.0.1:${proxy.port}`, key: api.service });
  const hold = await client.hold(id, { amount: '0.50' });
  proxy.hold();
  const settling = hold.settle({ model: 'model', inputTokens: 1_000 });
  const closing = client.close(20_000);
  await sleep(200);
  proxy.release();
  expect(await settling).toMatchObject({ status: 'settled', charged: '0.001' });
  await closing;
  expect(await charged(api.database, id)).toMatchObject({ events: 1 });
});

test('B5 usage of a settlement that can be neither sent nor queued is handed back', async () => {
  const { id } = await openAccount(api, '1.00');
  client = notedClient({
    url: `http://127.0.0.1:${proxy.port}`,
    key: api.service,
    timeoutMs: 1_000,
    holdPatienceMs: 2_000,
    reporting: { bufferBytesMax: 1_000 },
  });
  const [first, second] = [await client.hold(id, { amount: '0.10' }), await client.hold(id, { amount: '0.10' })];
  proxy.hold();
  const usage = { model: 'model', inputTokens: 1_000, imageSize: 'x'.repeat(400) };
  expect(await first.settle(usage)).toEqual({ status: 'queued' });
  expect(await second.settle(usage).catch((error) => error)).toMatchObject({
    name: 'UnsentEvents',
    events: [{ accountId: id, holdId: second.id }],
  });
  await client.close(0).catch(() => undefined);
  proxy.release();
  expect(await second.settle(usage).catch((error) => error)).toMatchObject({
    name: 'UnsentEvents',
    events: [{ accountId: id, holdId: second.id }],
  });
  await expect(client.hold(id, { amount: '0.10' })).rejects.toMatchObject({ code: 'closed' });
});

/** A program of its own, with the compiled client. */
async function program(source: string, kill?: NodeJS.Signals): Promise<{ code: number | null; out: string }> {
  const child = spawn(
    process.execPath,
    [
      '-e',
      `const { createClient } = require(${JSON.stringify(join(__dirname, '..', '..', 'dist', 'client', 'index.js'))});${source}`,
    ],
    { env: { PATH: process.env.PATH, URL: api.url, KEY: api.service }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let out = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
    if (kill && out.includes('ready')) child.kill(kill);
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code, out };
}

test('a process without a gate ends by itself, once all is sent', async () => {
  const { id } = await openAccount(api, '100.00');
  const { code } = await program(
    `createClient({ url: process.env.URL, key: process.env.KEY, gate: false }).report({ accountId: '${id}', model: 'model', inputTokens: 1000 })`,
  );
  expect(code).toBe(0);
  expect(await charged(api.database, id)).toMatchObject({ events: 1 });
});

test('SIGTERM as the README has it: what is buffered is sent, and the process ends', async () => {
  const { id } = await openAccount(api, '100.00');
  const { code } = await program(
    `
    const ballast = createClient({ url: process.env.URL, key: process.env.KEY, reporting: { lingerMs: 60000 } });
    const server = require('node:http').createServer().listen(0, '127.0.0.1');
    process.on('SIGTERM', () => server.close(() => ballast.close()));
    ballast.gate.ready().then(() => { ballast.report({ accountId: '${id}', model: 'model', inputTokens: 1000 }); console.log('ready'); })`,
    'SIGTERM',
  );
  expect(code).toBe(0);
  expect(await charged(api.database, id)).toMatchObject({ events: 1 });
});
