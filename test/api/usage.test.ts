import { adjust, fold, openAccount, putModel, report, startTestApi, type TestApi } from '../support/api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await putModel(api);
});
afterAll(() => api.close());

const event = (accountId: string, id: string, more: object = {}) => ({
  id,
  accountId,
  model: 'model',
  inputTokens: 1_000_000,
  ...more,
});
/** The UTC date so many days before this file began: midnight may pass within a test. */
const BEGUN_MS = Date.now();
const day = (ago: number) => new Date(BEGUN_MS - ago * 86_400_000).toISOString().slice(0, 10);
const balanceOf = async (id: string) => (await api.ask('GET', `/v1/accounts/${id}`, { key: api.admin })).body.balance;

test('B3 an event is priced, deducted, and answered with the new gate', async () => {
  const { id } = await openAccount(api, '20.00');
  const { status, body } = await report(api, [event(id, 'a'), event(id, 'b', { outputTokens: 500_000 })]);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    accepted: 2,
    duplicates: 0,
    rejected: [],
    gates: { [id]: { allowed: true, state: 'ok' } },
  });
  expect(await balanceOf(id)).toBe('17.00');
});

test('B3 the same event again is a duplicate, the same id with other content a conflict: neither changes anything', async () => {
  const { id } = await openAccount(api, '20.00');
  await report(api, [event(id, 'a')]);
  const { body } = await report(api, [
    event(id, 'a', { at: `${day(1)}T00:00:00Z` }),
    event(id, 'a', { inputTokens: 1 }),
    event(id, 'b'),
    event(id, 'b'),
  ]);
  expect(body).toMatchObject({ accepted: 1, duplicates: 2, rejected: [{ index: 1, id: 'a', code: 'event_conflict' }] });
  expect(await balanceOf(id)).toBe('18.00');
});

test('B2 usage makes one line per account and commit, and its events can be listed', async () => {
  const { id, owner } = await openAccount(api, '20.00');
  await report(api, [event(id, 'a'), event(id, 'b'), event(id, 'c')]);
  const { body } = await api.ask('GET', `/v1/accounts/${id}/transactions`, { key: owner });
  expect(body.data).toMatchObject([
    { sequence: 2, kind: 'usage', amount: '-3.00', balanceAfter: '17.00' },
    { sequence: 1, kind: 'adjustment', amount: '20.00' },
  ]);
  const events = await api.ask('GET', `/v1/accounts/${id}/transactions/2/events?limit=2`, { key: owner });
  expect(events.body).toMatchObject({ data: [{ id: 'a', cost: '1.00' }, { id: 'b' }], nextCursor: 'b' });
});

test('S5 the request that takes available to 0 answers "no" by itself, and signals the workflow at once', async () => {
  const { id } = await openAccount(api, '1.00');
  await fold(api, id);
  const { body } = await report(api, [event(id, 'a')]);
  expect(body.gates[id]).toMatchObject({ allowed: false, state: 'suspended', reasons: ['balance_exhausted'] });
  const gate = await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service });
  expect(gate.body).toMatchObject({ allowed: false, version: body.gates[id].version });
  expect(gate.headers.get('cache-control')).toBe('no-store');
  expect(api.signals).toContainEqual({ accountId: id, signal: 'usage', args: [{ watermark: 4, available: '0.00' }] });
  await adjust(api, id, '0.000000001');
  expect((await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service })).body).toMatchObject({
    allowed: true,
    state: 'low',
  });
});

test('B4 a bad event is rejected by its index and kept; the others are taken', async () => {
  const { id } = await openAccount(api, '20.00');
  const events = [
    event(id, 'good'),
    event(id, 'negative', { inputTokens: -1 }),
    event(id, 'fraction', { outputTokens: 0.5 }),
    event(id, 'cached', { cachedInputTokens: 1_000_001 }),
    event(id, 'ahead', { at: new Date(Date.now() + 6 * 60_000).toISOString() }),
    event(id, 'old', { at: new Date(Date.now() - 31 * 86_400_000).toISOString() }),
    event(id, 'nomodel', { model: 'nobody-sells-this' }),
    event(id, 'size', { images: 1, imageSize: '17x17' }),
    event('no-such-account', 'x'),
    event(id, 'nul\u0000byte'),
    event('__proto__', 'x'),
    { ...event(id, 'unknown'), colour: '\ud800\u0000' },
    null,
    [[[[]]]],
    'text',
    event(id, 'held', { holdId: 'none' }),
    event(id, 'last'),
  ];
  const { status, body } = await report(api, events);
  expect(status).toBe(200);
  expect(body.accepted).toBe(2);
  expect(body.rejected.map(({ index, code }: { index: number; code: string }) => [index, code])).toEqual([
    [1, 'invalid_event'],
    [2, 'invalid_event'],
    [3, 'invalid_event'],
    [4, 'at_out_of_range'],
    [5, 'at_out_of_range'],
    [6, 'unknown_model'],
    [7, 'no_price'],
    [8, 'unknown_account'],
    [9, 'invalid_event'],
    [10, 'unknown_account'],
    [11, 'invalid_event'],
    [12, 'invalid_event'],
    [13, 'invalid_event'],
    [14, 'invalid_event'],
    [15, 'unknown_hold'],
  ]);
  expect(await balanceOf(id)).toBe('18.00');
  const kept = await api.ask('GET', `/v1/accounts/${id}/rejected-usage`, { key: api.admin });
  expect(kept.body.data).toHaveLength(10);
  await report(api, events);
  expect((await api.ask('GET', `/v1/accounts/${id}/rejected-usage`, { key: api.admin })).body.data).toHaveLength(10);
});

test("B4 an id that belongs to a batch's request is rejected and kept; one that only looks like a batch's is taken", async () => {
  const { id } = await openAccount(api, '20.00');
  const { body } = await report(api, [event(id, 'batch_1a2b/1'), event(id, 'batch_1a2b/1/2'), event(id, 'batch_1a2b')]);
  expect(body).toMatchObject({
    accepted: 1,
    rejected: [
      { index: 0, code: 'invalid_event', message: expect.stringContaining('send its result to the batch') },
      { index: 1, code: 'invalid_event' },
    ],
  });
  const kept = await api.ask('GET', `/v1/accounts/${id}/rejected-usage`, { key: api.admin });
  expect(kept.body.data).toHaveLength(2);
});

test('B3 a very late repeat of an event that was taken is a duplicate, not a rejection', async () => {
  const { id } = await openAccount(api, '20.00');
  await report(api, [event(id, 'a')]);
  const late = { at: '2020-01-01T00:00:00Z' };
  const { body } = await report(api, [
    event(id, 'a', late),
    event(id, 'a', { ...late, inputTokens: 5 }),
    event(id, 'b', late),
  ]);
  expect(body).toMatchObject({
    accepted: 0,
    duplicates: 1,
    rejected: [
      { index: 1, code: 'event_conflict' },
      { index: 2, code: 'at_out_of_range' },
    ],
  });
});

test('usage comes as NDJSON too', async () => {
  const { id } = await openAccount(api, '20.00');
  const raw = `${JSON.stringify(event(id, 'a'))}\n\n${JSON.stringify(event(id, 'b'))}\n`;
  const { body } = await api.ask('POST', '/v1/usage', {
    key: api.service,
    raw,
    headers: { 'Content-Type': 'application/x-ndjson' },
  });
  expect(body).toMatchObject({ accepted: 2 });
});

test('a wrong envelope is 400, over 5,000 events 413, and nothing is taken', async () => {
  const { id } = await openAccount(api, '20.00');
  const ask = (body: unknown) => api.ask('POST', '/v1/usage', { key: api.service, body });
  for (const body of [
    {},
    { events: [] },
    { events: 'x' },
    { events: [event(id, 'a')], more: 1 },
    null,
    7,
    [],
    [event(id, 'a')],
  ]) {
    expect((await ask(body)).status).toBe(400);
  }
  expect((await ask({ events: Array.from({ length: 5_001 }, (_, i) => event(id, `e${i}`)) })).status).toBe(413);
  expect((await api.ask('POST', '/v1/usage', { key: api.service, raw: 'x'.repeat(9_000_000) })).status).toBe(413);
  expect((await api.ask('POST', '/v1/usage', { key: api.service, raw: '{"events": [' })).body.code).toBe(
    'malformed_json',
  );
  expect(
    (await api.ask('POST', '/v1/usage', { key: api.service, raw: Buffer.from([0x22, 0xff, 0x22]) })).body.code,
  ).toBe('malformed_json');
  expect(
    (await api.ask('POST', '/v1/usage', { key: api.service, raw: 'a=1', headers: { 'Content-Type': 'text/plain' } }))
      .status,
  ).toBe(415);
  expect(await balanceOf(id)).toBe('20.00');
});

test('B7 usage is summed by day, model and kind, as JSON and CSV', async () => {
  const { id, member } = await openAccount(api, '100.00');
  await report(api, [
    event(id, 'a', { at: `${day(2)}T23:59:59.999Z` }),
    event(id, 'b', { at: `${day(1)}T00:00:00Z`, outputTokens: 10 }),
    event(id, 'c', { at: `${day(1)}T12:00:00Z`, inputTokens: 0, images: 2, imageSize: '1024x1024' }),
  ]);
  const all = await api.ask('GET', `/v1/accounts/${id}/usage?groupBy=day,kind`, { key: member });
  expect(all.body).toEqual({
    rows: [
      { day: day(2), kind: 'text', requests: 1, inputTokens: 1_000_000, outputTokens: 0, images: 0, cost: '1.00' },
      { day: day(1), kind: 'image', requests: 1, inputTokens: 0, outputTokens: 0, images: 2, cost: '0.08' },
      { day: day(1), kind: 'text', requests: 1, inputTokens: 1_000_000, outputTokens: 10, images: 0, cost: '1.00002' },
    ],
    total: '2.08002',
  });
  const csv = await api.ask('GET', `/v1/accounts/${id}/usage?from=${day(1)}&to=${day(1)}&groupBy=model`, {
    key: member,
    headers: { Accept: 'text/csv' },
  });
  expect(csv.headers.get('content-type')).toContain('text/csv');
  expect(csv.body).toBe('model,requests,inputTokens,outputTokens,images,cost\r\nmodel,2,1000000,10,2,1.08002\r\n');
  expect((await api.ask('GET', `/v1/accounts/${id}/usage?groupBy=day,day`, { key: member })).status).toBe(400);
  expect((await api.ask('GET', `/v1/accounts/${id}/usage?from=2026-02-30`, { key: member })).status).toBe(400);
});

test.each(['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf'])(
  'B4 an image size named %s, which every object inherits, has no price; the good event beside it is taken',
  async (imageSize) => {
    const { id } = await openAccount(api, '20.00');
    const { status, body } = await report(api, [
      event(id, 'bad', { inputTokens: 0, images: 1, imageSize }),
      event(id, 'good'),
    ]);
    expect(status).toBe(200);
    expect(body).toMatchObject({ accepted: 1, rejected: [{ index: 0, id: 'bad', code: 'no_price' }] });
    const hold = (asked: object) =>
      api.ask('POST', `/v1/accounts/${id}/holds`, {
        key: api.service,
        body: asked,
        headers: { 'Idempotency-Key': JSON.stringify(asked) },
      });
    expect(await hold({ estimate: { model: 'model', images: 1, imageSize } })).toMatchObject({
      status: 422,
      body: { code: 'no_price' },
    });
    const { body: held } = await hold({ amount: '1.00' });
    const settling = { key: api.service, body: { events: [event(id, 'settling', { images: 1, imageSize })] } };
    expect(await api.ask('POST', `/v1/accounts/${id}/holds/${held.id}/settle`, settling)).toMatchObject({
      status: 422,
      body: { code: 'events_rejected', rejected: [{ code: 'no_price' }] },
    });
  },
);

test('B4 an image size may be named as what every object inherits: then it has its price', async () => {
  const { id } = await openAccount(api, '20.00');
  const prices = [{ from: '2020-01-01T00:00:00Z', perImage: { constructor: '2' } }];
  const facts = { provider: 'P', license: 'open', input: ['text'], output: 'image', batch: false, prices };
  const put = await api.ask('PUT', '/v1/models/sized', { key: api.admin, body: facts });
  expect(put).toMatchObject({ status: 201, body: { prices: [{ perImage: { constructor: '2.00' } }] } });
  await report(api, [{ id: 'i', accountId: id, model: 'sized', images: 2, imageSize: 'constructor' }]);
  expect(await balanceOf(id)).toBe('16.00');
});

test.each(['constructor', '__proto__', 'toString'])(
  'B4 a model named %s that nobody has put is unknown',
  async (model) => {
    const { id } = await openAccount(api, '20.00');
    const { body } = await report(api, [event(id, 'a', { model })]);
    expect(body.rejected).toMatchObject([{ code: 'unknown_model' }]);
  },
);
