import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { readCatalogue, REAL_MODELS } from '../../dev/catalogue';
import { openAccount, report, startTestApi, type TestApi } from '../support/api';
import { until } from '../support/notices';
import { dist } from '../support/paths';
import { createPriceBook } from '../../usage/priceBook';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const facts = { provider: 'Meta', license: 'open', input: ['text'], output: 'text', batch: false };
const begun = {
  from: '2026-01-01T00:00:00.000Z',
  inputPerMillion: '0.60',
  cachedInputPerMillion: '0.30',
  outputPerMillion: '2.50',
};
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
const put = (id: string, prices: object[], more: object = {}) =>
  api.ask('PUT', `/v1/models/${encodeURIComponent(id)}`, { key: api.admin, body: { ...facts, ...more, prices } });

test('B4 a model is created once, also when twenty put the same; the same again changes nothing', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => put('meta-llama/Llama-3', [begun])));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201]);
  const { body } = await api.ask('GET', '/v1/models', { key: api.service });
  const openAi = { object: 'model', created: expect.any(Number), owned_by: facts.provider };
  expect(body.data).toEqual([{ id: 'meta-llama/Llama-3', ...facts, ...openAi, prices: [begun] }]);
  expect((await api.ask('PUT', '/v1/models/meta-llama%2FLlama-3', { key: api.admin, body: body.data[0] })).status).toBe(
    200,
  );
  const { rows } = await api.database.pool.query("select count(*)::int as n from audit where action = 'model.put'");
  expect(rows[0].n).toBe(1);
});

test('B4 a price that has begun is never changed; a new one starts at least a minute ahead', async () => {
  await put('m', [begun]);
  expect(await put('m', [{ ...begun, inputPerMillion: '0.61' }])).toMatchObject({
    status: 422,
    body: { code: 'price_in_force' },
  });
  expect(await put('m', [])).toMatchObject({ status: 422, body: { code: 'price_in_force' } });
  expect(await put('m', [begun, { from: inSeconds(50), inputPerMillion: '1' }])).toMatchObject({
    status: 422,
    body: { code: 'price_too_soon' },
  });
  expect(await put('m', [begun, { from: '2025-01-01T00:00:00Z', inputPerMillion: '1' }])).toMatchObject({
    status: 422,
    body: { code: 'price_too_soon' },
  });
  const next = { from: inSeconds(90), inputPerMillion: '1.00' };
  expect((await put('m', [begun, next])).status).toBe(200);
  expect((await put('m', [next, begun])).status).toBe(200);
  expect((await put('m', [begun])).status).toBe(200);
  expect((await put('m', [begun], { provider: 'Somebody else' })).body.provider).toBe('Somebody else');
});

test('B4 the minute of lead is counted from when the price can be put, not from when it was asked for', async () => {
  await put('locked', [begun]);
  const { pool } = api.database;
  const other = await pool.connect();
  await other.query('begin');
  await other.query(`select from models where id = 'locked' for update`);
  const putting = put('locked', [begun, { from: inSeconds(63), inputPerMillion: '1' }]);
  await until(
    () => pool.query(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`),
    ({ rowCount }) => rowCount === 1,
  );
  await sleep(3_500);
  await other.query('commit');
  other.release();
  expect(await putting).toMatchObject({ status: 422, body: { code: 'price_too_soon' } });
});

test.each([
  ['half a minute ago', { elapsedMs: 31_000, ownMs: 31_000 }],
  ['before the machine was suspended, which no duration counts,', { elapsedMs: 1, ownMs: 31_000 }],
  ['half a minute ago, while the own clock was set back,', { elapsedMs: 31_000, ownMs: -1 }],
])('B4 prices that were read %s are read again before they count', async (_when, { elapsedMs, ownMs }) => {
  const { book, clocks, reads } = startBook();
  try {
    const model = `aging ${elapsedMs} ${ownMs}`;
    await put(model, [begun]);
    await book.fresh();
    expect((await put(model, [begun, { from: inSeconds(61), inputPerMillion: '9' }])).status).toBe(200);
    const costsLater = () => book.find(model, Date.now() + 62_000);
    clocks.elapsedMs = clocks.ownMs = 29_000;
    await book.fresh();
    const before = costsLater();
    Object.assign(clocks, { elapsedMs, ownMs });
    await book.fresh();
    expect(costsLater()).not.toEqual(before);
    expect(reads()).toBe(2);
  } finally {
    book.close();
  }
});

test('B4 a clock that is set, forward or back, costs one read of prices, and their age counts from there', async () => {
  const { book, clocks, reads } = startBook();
  try {
    await book.fresh();
    for (const [place, setMs] of [3_600_000, -3_600_000].entries()) {
      clocks.ownMs += setMs;
      await book.fresh();
      await book.fresh();
      expect(reads()).toBe(place + 2);
    }
    clocks.ownMs += 31_000;
    await book.fresh();
    expect(reads()).toBe(4);
  } finally {
    book.close();
  }
});

test('B4 a read of prices that began before the machine was suspended does not count after it', async () => {
  const { book, clocks, reads } = startBook();
  try {
    const first = book.fresh();
    clocks.ownMs += 3_600_000;
    await Promise.all([first, book.fresh()]);
    expect(reads()).toBe(2);
  } finally {
    book.close();
  }
});

/** A price book whose clocks stand still until they are moved, and how often it has asked Postgres. */
function startBook() {
  const clocks = { elapsedMs: 0, ownMs: 0 };
  let asked = 0;
  const query = (question: string) => {
    asked += 1;
    return api.database.pool.query(question);
  };
  const book = createPriceBook({ query } as unknown as Pool, pino({ level: 'silent' }), {
    now: () => clocks.ownMs,
    elapsed: () => clocks.elapsedMs,
  });
  return { book, clocks, reads: () => asked };
}

test('a model may get its first price later, in the past, and another process knows it at once', async () => {
  const other = await startTestApi({ database: api.database });
  const { id } = await openAccount(api, '10.00');
  const event = { accountId: id, model: 'late', inputTokens: 1_000_000 };
  expect((await report(other, [{ ...event, id: '1' }])).body.rejected).toMatchObject([{ code: 'unknown_model' }]);
  await put('late', []);
  expect((await report(other, [{ ...event, id: '2' }])).body.rejected).toMatchObject([{ code: 'no_price' }]);
  await put('late', [begun]);
  expect((await report(other, [{ ...event, id: '3' }])).body).toMatchObject({ accepted: 1, rejected: [] });
  await other.close();
});

test('bad models are refused', async () => {
  for (const [prices, more] of [
    [[{ ...begun, inputPerMillion: '-1' }], {}],
    [[{ ...begun, from: 'yesterday' }], {}],
    [[begun, begun], {}],
    [[{ ...begun, perImage: { '\u0000': '1' } }], {}],
    [[begun], { license: 'stolen' }],
    [[begun], { colour: 'red' }],
    [[begun], { id: 'other' }],
    [[begun], { input: [] }],
  ] as const)
    expect((await put('bad', [...prices], more)).status).toBe(400);
  expect((await put('nul\u0000', [begun])).status).toBe(400);
  expect((await put('x'.repeat(129), [begun])).status).toBe(400);
});

test('L1 the largest output of a model, the day it ends and its batch prices are put, read and changed', async () => {
  const prices = [{ ...begun, batch: { inputPerMillion: '0.30', outputPerMillion: '1.25' } }];
  const more = { batch: true, maxOutputTokens: 32_768, deprecatedAt: '2030-01-01T00:00:00.000Z' };
  expect(await put('gpt-facts', prices, more)).toMatchObject({ status: 201, body: { ...more, prices } });
  const read = async () => {
    const { body } = await api.ask('GET', '/v1/models', { key: api.admin });
    return body.data.find(({ id }: { id: string }) => id === 'gpt-facts');
  };
  expect(await read()).toEqual({
    id: 'gpt-facts',
    ...facts,
    ...more,
    object: 'model',
    created: expect.any(Number),
    owned_by: facts.provider,
    prices,
  });
  expect((await put('gpt-facts', prices, { ...more, deprecatedAt: '2031-01-01T00:00:00+01:00' })).status).toBe(200);
  expect(await read()).toMatchObject({ deprecatedAt: '2030-12-31T23:00:00.000Z', maxOutputTokens: 32_768 });
  expect((await put('gpt-facts', prices, { batch: true })).status).toBe(200);
  expect(await read()).not.toHaveProperty('deprecatedAt');
  expect(await read()).not.toHaveProperty('maxOutputTokens');
  for (const bad of [{ maxOutputTokens: 0 }, { maxOutputTokens: 1.5 }, { deprecatedAt: 'soon' }])
    expect((await put('gpt-facts', prices, bad)).status).toBe(400);
});

test('L1 `npm run models` puts the catalogue of a file, and again changes nothing', async () => {
  const { hostname, port } = new URL(api.url);
  const env = { PATH: process.env.PATH, ADMIN_KEY: api.admin, HOST: hostname, PORT: port };
  const run = async (...files: string[]): Promise<string[]> => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(dist, 'dev/models.js'), ...files], { env });
    return stdout.trim().split('\n');
  };
  const catalogue = readCatalogue(REAL_MODELS);
  expect(await run(REAL_MODELS)).toEqual(catalogue.map(({ id }) => `${id}: new`));
  const { body } = await api.ask('GET', '/v1/models', { key: api.admin });
  for (const { id, maxOutputTokens } of catalogue)
    expect(body.data).toContainEqual(
      expect.objectContaining({ id, ...(maxOutputTokens !== undefined && { maxOutputTokens }) }),
    );
  expect(await run(REAL_MODELS)).toEqual(catalogue.map(({ id }) => `${id}: as in the file`));
  await expect(run()).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('Say which file') });
});

test('L8 the catalogue is read by keys of every role, as OpenAI lists models', async () => {
  await put('listed', [begun]);
  const { owner, member, modifier } = await openAccount(api);
  for (const key of [owner, member, modifier, api.service, api.admin]) {
    const { status, body } = await api.ask('GET', '/v1/models', { key });
    expect([status, body.object]).toEqual([200, 'list']);
    expect(body.data).toContainEqual(expect.objectContaining({ id: 'listed', object: 'model', prices: [begun] }));
  }
  expect((await api.ask('GET', '/v1/models')).status).toBe(401);
});
