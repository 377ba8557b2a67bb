/** L2–L4: a batch from upload to output, with OpenAI's own client, a real workflow and the reference executor. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { toFile } from 'openai';
import { startExecutor } from '../../examples/batch-executor/executor';
import { formatMoney } from '../../domain/money';
import { transaction } from '../../ledger/db';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { putBatchModels, requestLine } from '../support/batchFiles';
import { until } from '../support/notices';
import { times } from '../support/times';
import { World } from '../support/world';

const PRICE = { from: '2024-01-01T00:00:00Z', inputPerMillion: '2.00', outputPerMillion: '8.00' };
const filesDir = mkdtempSync(join(tmpdir(), 'ballast-jobs-'));
let world: World;
let api: TestApi;
let own: TestAccount;
let openai: OpenAI;
beforeAll(async () => {
  world = await World.start({ time: 'real', filesDir });
  api = await startTestApi({ database: world.database, temporal: world.client, filesDir });
  await putBatchModels(api);
  own = await openAccount(api, '100.00');
  openai = new OpenAI({ apiKey: own.member, baseURL: `${api.url}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await api.close();
  await world.close();
  rmSync(filesDir, { recursive: true, force: true });
});

async function upload(lines: string[]): Promise<string> {
  const file = await toFile(Buffer.from(lines.join('\n')), 'requests.jsonl');
  return (await openai.files.create({ purpose: 'batch', file })).id;
}
async function createOf(lines: string[]): Promise<string> {
  const inputFileId = await upload(lines);
  const created = await openai.batches.create({
    input_file_id: inputFileId,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    metadata: { mine: 'yes' },
  });
  return created.id;
}
const ended = (id: string) =>
  until(
    () => openai.batches.retrieve(id),
    ({ status }) => ['completed', 'failed', 'expired', 'cancelled'].includes(status),
  );
const linesOf = async (fileId: string): Promise<any[]> =>
  (await (await openai.files.content(fileId)).text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
const moneyOf = async () => (await api.ask('GET', `/v1/accounts/${own.id}`, { key: own.owner })).body;
const claim = (id: string, limit: number) =>
  api.ask('POST', `/v1/batches/${id}/claims`, { key: api.service, body: { limit, leaseSeconds: 60 } });
const report = (id: string, ...results: unknown[]) =>
  api.ask('POST', `/v1/batches/${id}/results`, { key: api.service, body: { results } });
const answerTo = (customId: string) => ({
  custom_id: customId,
  response: {
    status_code: 200,
    request_id: 'req_1',
    body: { usage: { prompt_tokens: 1_000_000, completion_tokens: 0 } },
  },
});
const running = (id: string) =>
  until(
    () => openai.batches.retrieve(id),
    ({ status }) => status === 'in_progress',
  );

test('L2 a batch runs from upload to output with the official client, and is billed exactly', async () => {
  const before = await moneyOf();
  const executor = startExecutor({ url: api.url, key: api.service, idleMs: 20, requestsPerMinute: 1_000_000 });
  try {
    const id = await createOf(times(250, (i) => requestLine(`request-${i}`)));
    const batch = await ended(id);
    expect(batch).toMatchObject({
      object: 'batch',
      status: 'completed',
      endpoint: '/v1/chat/completions',
      metadata: { mine: 'yes' },
      request_counts: { total: 250, completed: 250, failed: 0 },
      error_file_id: null,
    });
    expect(batch.completed_at).toBeGreaterThanOrEqual(batch.finalizing_at!);
    const lines = await linesOf(batch.output_file_id!);
    expect(lines.map((line) => line.custom_id)).toEqual(times(250, (i) => `request-${i}`));
    expect(lines[0]).toMatchObject({
      id: expect.stringMatching(/^batch_req_/),
      response: { status_code: 200 },
      error: null,
    });

    const usage = lines.map((line) => line.response.body.usage);
    const cost = usage.reduce(
      (sum, one) => sum + BigInt(one.prompt_tokens) * 1_000n + BigInt(one.completion_tokens) * 4_000n,
      0n,
    );
    const after = await moneyOf();
    expect(after.held).toBe('0.00');
    expect(after.balance).toBe(formatMoney((BigInt(Math.round(Number(before.balance) * 1e9)) - cost) as never));
    const { rows } = (await api.ask('GET', `/v1/accounts/${own.id}/usage?groupBy=kind`, { key: own.owner })).body;
    expect(rows).toContainEqual(expect.objectContaining({ kind: 'batch', requests: 250 }));
    expect((await openai.batches.list({ limit: 1 })).data).toMatchObject([{ id }]);
    const newest = await createOf([requestLine('one more')]);
    const paged: string[] = [];
    for await (const one of openai.batches.list({ limit: 1 })) paged.push(one.id);
    expect(paged.slice(0, 2)).toEqual([newest, id]);
    await ended(newest);
    const notices = await api.ask('GET', `/v1/accounts/${own.id}/notices`, { key: own.owner });
    expect(notices.body.data).toContainEqual(expect.objectContaining({ kind: 'batch_ended' }));
  } finally {
    await executor.stop();
  }
});

test('L4 cancelled, what is done is billed, the rest is released and told as cancelled, one line for each request', async () => {
  const id = await createOf(times(4, (i) => requestLine(`r${i}`)));
  await running(id);
  expect((await claim(id, 2)).body.data).toMatchObject([
    { custom_id: 'r0', body: { model: 'gpt-batch' } },
    { custom_id: 'r1' },
  ]);
  await report(id, answerTo('r0'));
  expect(await openai.batches.cancel(id)).toMatchObject({ status: 'cancelling' });
  expect(await openai.batches.cancel(id)).toMatchObject({ id });
  expect((await claim(id, 10)).body.data).toEqual([]);
  // What is in hand may still come, and then nothing is waited for.
  expect((await report(id, { custom_id: 'r1', error: { code: 'broken', message: 'It broke.' } })).body).toMatchObject({
    accepted: 1,
  });
  await api.database.pool.query('update batches set unseen = true, start_at = now() where id = $1', [id]);
  const batch = await ended(id);
  expect(batch).toMatchObject({ status: 'cancelled', request_counts: { total: 4, completed: 1, failed: 1 } });
  expect(await linesOf(batch.output_file_id!)).toMatchObject([{ custom_id: 'r0' }]);
  expect(await linesOf(batch.error_file_id!)).toMatchObject([
    { custom_id: 'r1', response: null, error: { code: 'broken' } },
    { custom_id: 'r2', response: null, error: { code: 'batch_cancelled' } },
    { custom_id: 'r3', response: null, error: { code: 'batch_cancelled' } },
  ]);
  expect(await moneyOf()).toMatchObject({ held: '0.00' });
  expect(await openai.batches.cancel(id)).toMatchObject({ status: 'cancelled' });

  const late = await report(id, answerTo('r2'));
  expect(late.body).toEqual({ accepted: 0, duplicates: 0, rejected: [{ custom_id: 'r2', code: 'job_ended' }] });
  const kept = await api.ask('GET', `/v1/accounts/${own.id}/rejected-usage`, { key: api.admin });
  expect(kept.body.data[0]).toMatchObject({ code: 'job_ended' });
});

test('L4 at the end of its window a batch expires: what is done is billed, the rest is released', async () => {
  const id = await createOf(times(3, (i) => requestLine(`r${i}`)));
  await running(id);
  await report(id, answerTo('r1'), { custom_id: 'r2', response: { status_code: 400, body: { error: 'bad' } } });
  await api.database.pool.query(
    'update batches set expires_at = now(), unseen = true, start_at = now() where id = $1',
    [id],
  );
  const batch = await ended(id);
  expect(batch).toMatchObject({ status: 'expired', request_counts: { completed: 1, failed: 1 } });
  expect(await linesOf(batch.error_file_id!)).toMatchObject([
    { custom_id: 'r0', response: null, error: { code: 'batch_expired' } },
    { custom_id: 'r2', response: { status_code: 400, body: { error: 'bad' } }, error: null },
  ]);
  expect(await moneyOf()).toMatchObject({ held: '0.00' });
  await expect(openai.batches.cancel(id)).rejects.toMatchObject({ status: 409 });
});

test('L4 a job whose beginning a failover or a restored copy has lost begins again, although its workflow knows that it had', async () => {
  const id = await createOf([requestLine('r0')]);
  await running(id);
  await transaction(api.database.pool, async (tx) => {
    await tx.query('delete from batch_requests where batch_id = $1', [id]);
    await tx.query(
      "update batches set status = 'validating', in_progress_at = null, unseen = false, start_at = now() where id = $1",
      [id],
    );
  });
  await running(id);
  expect((await claim(id, 10)).body.data).toMatchObject([{ custom_id: 'r0' }]);
  await report(id, answerTo('r0'));
  expect(await ended(id)).toMatchObject({ status: 'completed' });
});

test.each([
  ['with the same Idempotency-Key', { 'Idempotency-Key': 'kept' }, { 'Idempotency-Key': 'kept' }],
  ["by OpenAI's client", {}, { 'X-Stainless-Retry-Count': '1' }],
])(
  'L2 a create that is repeated %s has the same answer, whatever has become of its model and its input',
  async (_how, first, again) => {
    const model = { provider: 'OpenAI', license: 'commercial', input: ['text'], output: 'text', prices: [PRICE] };
    const put = (batch: boolean, more = {}) =>
      api.ask('PUT', '/v1/models/gpt-leaving', { key: api.admin, body: { ...model, batch, ...more } });
    await put(true);
    const fileId = await upload([requestLine('a', { model: 'gpt-leaving' })]);
    const wish = { input_file_id: fileId, endpoint: '/v1/chat/completions', completion_window: '24h' };
    const create = (headers: Record<string, string>, more = {}) =>
      api.ask('POST', '/v1/batches', { key: own.member, headers, body: { ...wish, ...more } });
    const created = await create(first);
    const { id } = created.body;
    expect(created.status).toBe(200);
    await put(false);
    expect((await create(again)).body).toMatchObject({ id });
    await put(true, { deprecatedAt: '2026-01-01T00:00:00Z' });
    expect((await create(again)).body).toMatchObject({ id });
    await openai.batches.cancel(id);
    await ended(id);
    await openai.files.delete(fileId);
    expect((await create(again)).body).toMatchObject({ id, status: 'cancelled' });
    // Other content is another wish: refused by its key, or for what it asks.
    const other = await create(again, { metadata: { other: 'yes' } });
    expect([other.status, other.body.error.code]).toEqual(
      'Idempotency-Key' in again ? [409, 'idempotency_key_reused'] : [400, 'invalid_request'],
    );
  },
);

test('L1 a model that takes batches and has no prices for them costs its ordinary ones; once it has ended, no batch begins', async () => {
  const body = { provider: 'OpenAI', license: 'commercial', input: ['text'], output: 'text', batch: true };
  const put = (more = {}) =>
    api.ask('PUT', '/v1/models/gpt-ordinary', { key: api.admin, body: { ...body, prices: [PRICE], ...more } });
  await put();
  const fileId = await upload([requestLine('a', { model: 'gpt-ordinary', max_tokens: 1_000_000 })]);
  const estimate = () => api.ask('POST', '/v1/batches/estimate', { key: own.member, body: { input_file_id: fileId } });
  const { tokens, cost } = (await estimate()).body;
  // $8.00 for the output, $2.00 a million for the input; a file's estimate is a nano-dollar a request above that.
  expect(cost).toBe(formatMoney((8_000_000_000n + BigInt(tokens - 1_000_000) * 2_000n + 1n) as never));
  const wish = { input_file_id: fileId, endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
  const { id } = await openai.batches.create(wish);
  const before = await moneyOf();
  expect(before.held).toBe(cost);
  await running(id);
  await put({ deprecatedAt: '2026-01-01T00:00:00Z' });
  // What has begun goes on.
  await report(id, answerTo('a'));
  await ended(id);
  const after = await moneyOf();
  expect([Number(before.balance) - Number(after.balance), after.held]).toEqual([2, '0.00']);
  for (const refused of [estimate(), api.ask('POST', '/v1/batches', { key: own.member, body: wish })])
    expect(await refused).toMatchObject({ status: 400, body: { error: { code: 'model_not_supported' } } });
});

test('L3 an estimate says that nothing fits while the account is suspended, as creating the batch would', async () => {
  const halted = await openAccount(api, '100.00');
  const headers = { 'X-Account-Id': halted.id };
  const client = new OpenAI({ apiKey: api.service, baseURL: `${api.url}/v1`, defaultHeaders: headers, maxRetries: 0 });
  const file = await client.files.create({ purpose: 'batch', file: await toFile(Buffer.from(requestLine('a')), 'f') });
  const ask = (path: string, more = {}) =>
    api.ask('POST', path, { key: api.service, headers, body: { input_file_id: file.id, ...more } });
  expect((await ask('/v1/batches/estimate')).body).toMatchObject({ fits: true, because: null });
  await api.ask('PUT', `/v1/accounts/${halted.id}/suspension`, { key: api.admin, body: { reason: 'Under review' } });
  const told = (await ask('/v1/batches/estimate')).body;
  expect(told).toMatchObject({ fits: false, because: 'the account is suspended' });
  const refused = await ask('/v1/batches', { endpoint: '/v1/chat/completions', completion_window: '24h' });
  expect([refused.status, refused.body.error.code]).toEqual([402, 'account_suspended']);
});

test.each([
  ['is empty', ''],
  ['is longer than 255 characters', 'x'.repeat(256)],
  ['is too long for an index', randomBytes(3_000).toString('hex')],
  ['is not ASCII', 'schl\u00fcssel'],
])('L2 an Idempotency-Key that %s is refused, and makes no batch', async (_what, idempotencyKey) => {
  const fileId = await upload([requestLine('a')]);
  const answer = await api.ask('POST', '/v1/batches', {
    key: own.member,
    headers: { 'Idempotency-Key': idempotencyKey },
    body: { input_file_id: fileId, endpoint: '/v1/chat/completions', completion_window: '24h' },
  });
  expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid_request']);
  expect(await openai.files.delete(fileId)).toMatchObject({ deleted: true });
});

/** Of a job's answers, those that the admins see as not billed. */
async function keptOf(id: string): Promise<Record<string, any>[]> {
  const { body } = await api.ask('GET', '/v1/rejected-usage?limit=100', { key: api.admin });
  return (body.data as Record<string, any>[]).filter(({ event }) => event.batch === id);
}

test('B4 an answer that can not be billed is kept for the admins, once however often its request is executed again', async () => {
  const prices = [{ from: '2024-01-01T00:00:00Z', inputPerMillion: '200.00', outputPerMillion: '200.00' }];
  const model = { provider: 'OpenAI', license: 'commercial', input: ['text'], output: 'text', batch: true, prices };
  await api.ask('PUT', '/v1/models/gpt-dear', { key: api.admin, body: model });
  const id = await createOf([requestLine('r0', { model: 'gpt-dear' })]);
  await running(id);
  const bare = { custom_id: 'r0', response: { status_code: 200, body: {} } };
  for (const _ of times(3, () => null)) await report(id, bare);
  const dear = { prompt_tokens: 1_000_000_000, completion_tokens: 1_000_000_000 };
  for (const _ of times(2, () => null)) await report(id, { ...bare, usage: dear });
  await report(id, { custom_id: 'r0', response: { status_code: 500, body: {} } });
  const kept = await keptOf(id);
  expect(kept.toSorted((a, b) => String(a.message).localeCompare(String(b.message)))).toMatchObject([
    { code: 'usage_missing', message: 'the answer has no usage', event: { batch: id, custom_id: 'r0' } },
    { code: 'usage_missing', message: 'the usage is beyond any price', event: { inputTokens: 1_000_000_000 } },
  ]);
});

test('B4 of answers that can not be billed those of requests without a result are kept, one of each', async () => {
  const id = await createOf(['open', 'billed', 'mended', 'late'].map((customId) => requestLine(customId)));
  await running(id);
  const bare = (customId: string) => ({ custom_id: customId, response: { status_code: 200, body: {} } });
  await report(id, answerTo('billed'));
  await report(id, bare('open'), bare('open'), bare('billed'), bare('nothing'), bare('mended'), answerTo('mended'));
  expect(await keptOf(id)).toMatchObject([{ code: 'usage_missing', event: { custom_id: 'open' } }]);
  await openai.batches.cancel(id);
  await ended(id);
  await report(id, bare('billed'), bare('open'), bare('late'));
  expect((await keptOf(id)).map(({ event }) => String(event.custom_id)).toSorted()).toEqual(['late', 'open']);
});

test('L3 results are taken one by one: an unknown request, a missing usage and what is no result are named', async () => {
  const id = await createOf([requestLine('r0')]);
  await running(id);
  const answer = await report(
    id,
    answerTo('nothing'),
    { custom_id: 'r0', response: { status_code: 200, body: {} } },
    { custom_id: 'r0' },
    'no result',
    answerTo('r\0'),
    { ...answerTo('r0'), deep: times(200, () => null).reduce<unknown>((inner) => [inner], []) },
    answerTo('r0'),
    answerTo('r0'),
  );
  expect(answer.body).toEqual({
    accepted: 1,
    duplicates: 1,
    rejected: [
      { custom_id: 'r0', code: 'usage_missing' },
      { custom_id: 'r0', code: 'invalid_result' },
      { custom_id: '', code: 'invalid_result' },
      { custom_id: 'r\0', code: 'invalid_result' },
      { custom_id: 'r0', code: 'invalid_result' },
      { custom_id: 'nothing', code: 'unknown_request' },
    ],
  });
  await ended(id);
});

test('L3 a quota or money that is short is told, with numbers, and nothing is taken', async () => {
  const poor = await openAccount(api, '0.01');
  let asked = 0;
  const client = new OpenAI({
    apiKey: poor.owner,
    baseURL: `${api.url}/v1`,
    fetch: (url, init) => ((asked += 1), fetch(url, init)),
  });
  const file = await client.files.create({
    purpose: 'batch',
    file: await toFile(Buffer.from(requestLine('a', { max_tokens: 1_000_000 })), 'f'),
  });
  const wish = { input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
  const estimate = await api.ask('POST', '/v1/batches/estimate', { key: poor.owner, body: { input_file_id: file.id } });
  expect(estimate.body).toMatchObject({ model: 'gpt-batch', requests: 1, fits: false, because: '$0.01 is available' });
  await expect(client.batches.create(wish)).rejects.toMatchObject({ status: 402, code: 'insufficient_funds' });
  await api.database.pool.query(
    "insert into limit_raises (account_id, key, limit_value) values ($1, 'batch.enqueued_tokens', 20000000000)",
    [poor.id],
  );
  await api.database.pool.query('update files set output_tokens = 30000000000 where id = $1', [file.id]);
  asked = 0;
  await expect(client.batches.create(wish)).rejects.toMatchObject({
    status: 429,
    code: 'token_limit_exceeded',
    error: { limit: 20_000_000_000, in_use: 0, requested: 30_000_000_008 },
  });
  // The client was told not to try again.
  expect(asked).toBe(1);
  expect((await api.ask('GET', `/v1/accounts/${poor.id}`, { key: poor.owner })).body).toMatchObject({ held: '0.00' });
});

test('L2 the input of an open batch can not be deleted, nor another account see the batch', async () => {
  const stranger = await openAccount(api);
  const fileId = await upload([requestLine('a')]);
  const { id } = await openai.batches.create({
    input_file_id: fileId,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  await expect(openai.files.delete(fileId)).rejects.toMatchObject({ status: 409, code: 'file_in_use' });
  expect((await api.ask('GET', `/v1/batches/${id}`, { key: stranger.owner })).status).toBe(404);
  expect((await api.ask('POST', `/v1/batches/${id}/cancel`, { key: stranger.owner })).status).toBe(404);
  await openai.batches.cancel(id);
  await ended(id);
  expect(await openai.files.delete(fileId)).toMatchObject({ deleted: true });
});

test('L2 a wrong endpoint, a file that is not there and unknown fields are met as OpenAI meets them', async () => {
  const fileId = await upload([requestLine('a')]);
  const wish = { input_file_id: fileId, endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
  await expect(openai.batches.create({ ...wish, endpoint: '/v1/responses' })).rejects.toMatchObject({
    status: 400,
    code: 'url_mismatch',
  });
  await expect(openai.batches.create({ ...wish, input_file_id: 'file-nothing' })).rejects.toMatchObject({
    status: 400,
  });
  await expect(openai.batches.create({ ...wish, completion_window: '1h' as '24h' })).rejects.toMatchObject({
    status: 400,
  });
  const { id } = await openai.batches.create({ ...wish, something: 'new' } as never);
  await openai.batches.cancel(id);
  await ended(id);
});

test('L4 a job whose input is gone from the store fails, and reserves nothing', async () => {
  const fileId = await upload([requestLine('a')]);
  await until(
    () => openai.files.retrieve(fileId),
    ({ status }) => status === 'processed',
  );
  rmSync(join(filesDir, `${fileId}.index`));
  const { id } = await openai.batches.create({
    input_file_id: fileId,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  expect(await ended(id)).toMatchObject({ status: 'failed', errors: { data: [{ param: 'input_file_id' }] } });
  expect(await moneyOf()).toMatchObject({ held: '0.00' });
});
