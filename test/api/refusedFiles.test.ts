/** L2, L3: whatever is wrong with a batch or its file is told by its own error, and of it nothing stands: no money, no row, no byte. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { request as ask, type ClientRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { createFolderStore } from '../../batches/fileStore';
import { MARKER } from '../../batches/storeMarker';
import { FILE_BYTES_MAX, REQUESTS_MAX } from '../../domain/batch';
import { readStoreOwner } from '../../ledger/files/readStoreOwner';
import { startCountingFiles, startErasing } from '../../workers/batchFiles';
import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { putBatchModels, requestLine } from '../support/batchFiles';
import { until } from '../support/notices';
import { times } from '../support/times';

const filesDir = mkdtempSync(join(tmpdir(), 'ballast-refused-'));
let api: TestApi;
let own: TestAccount;
let loops: { stop(): Promise<void> }[];
beforeAll(async () => {
  api = await startTestApi({ filesDir });
  own = await openAccount(api, '0.01');
  await putBatchModels(api);
  const model = { license: 'commercial', input: ['text'], output: 'text', batch: true, prices: [] };
  for (const [id, more] of [
    ['mistral-batch', { provider: 'Mistral' }],
    ['gpt-ended', { provider: 'OpenAI', deprecatedAt: '2026-01-01T00:00:00Z' }],
  ] as const)
    await api.ask('PUT', `/v1/models/${id}`, { key: api.admin, body: { ...model, ...more } });
  const { pool } = api.database;
  const store = createFolderStore(filesDir, () => readStoreOwner(pool));
  const options = { pool, store, log: pino({ level: 'silent' }), pollMs: 20 };
  loops = [startCountingFiles(options), startErasing(options)];
});
afterAll(async () => {
  await Promise.all(loops.map((loop) => loop.stop()));
  await api.close();
  rmSync(filesDir, { recursive: true, force: true });
});

/** All there is in the store: whole files, indexes, and what is half written. */
const stored = (): string[] =>
  readdirSync(filesDir, { recursive: true })
    .map(String)
    .filter((name) => name !== MARKER && name !== 'partial')
    .toSorted();
async function leftovers(): Promise<unknown> {
  const { rows } = await api.database.pool.query(
    `select (select sum(held_nano) from balances)::text as held, (select count(*) from batches)::int as batches,
       (select count(*) from batch_requests)::int as requests,
       (select count(*) from files where bytes = 0 or removed_at is null or not erased)::int as files`,
  );
  return { ...(rows[0] as object), stored: stored() };
}
const NOTHING = { held: '0', batches: 0, requests: 0, files: 0, stored: [] };
/** What is removed goes at the next round of erasing; nothing else may be waited for. */
const expectNothing = async (): Promise<void> => {
  await until(leftovers, (all) => JSON.stringify(all) === JSON.stringify(NOTHING)).catch(() => undefined);
  expect(await leftovers()).toEqual(NOTHING);
};
afterEach(expectNothing);

const HEAD = '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n';
const FILE = '--b\r\nContent-Disposition: form-data; name="file"; filename="requests.jsonl"\r\n\r\n';
const END = '\r\n--b--\r\n';

/** A request whose body is sent by the caller. */
function begin(bytes: number): ClientRequest {
  const { hostname, port } = new URL(api.url);
  return ask({
    hostname,
    port,
    method: 'POST',
    path: '/v1/files',
    headers: {
      Authorization: `Bearer ${own.owner}`,
      'Content-Type': 'multipart/form-data; boundary=b',
      'Content-Length': HEAD.length + FILE.length + bytes + END.length,
    },
  });
}

/** Uploads pieces as they are, without a copy of the whole. */
async function upload(...pieces: (string | Buffer)[]): Promise<Omit<Answer, 'headers'>> {
  const content = pieces.map((piece) => Buffer.from(piece as string));
  const request = begin(content.reduce((sum, { length }) => sum + length, 0));
  const answered = new Promise<Omit<Answer, 'headers'>>((resolve, reject) => {
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (data: string) => (text += data));
      response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) }));
    });
    request.on('error', reject);
  });
  for (const piece of [HEAD, FILE, ...content, END]) request.write(piece);
  request.end();
  return answered;
}

const linesOf = (...lines: (string | Buffer)[]): Buffer =>
  Buffer.concat(lines.flatMap((line) => [Buffer.from(line as string), Buffer.from('\n')]));
const good = requestLine('a');
const other = (body: Record<string, unknown>, url?: string): string => requestLine('b', body, url);
const image = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://images.example/1.png' } }] };

test.each<[string, string | Buffer, string, number | null, string]>([
  ['is empty', '', 'empty_file', null, 'The file has no requests.'],
  [
    'is broken UTF-8',
    linesOf(good, Buffer.from([0x7b, 0xc3, 0x28, 0x7d])),
    'invalid_json_line',
    2,
    'Line 2: it is not UTF-8.',
  ],
  ['ends within a character', Buffer.from([0xe2, 0x82]), 'invalid_json_line', 1, 'Line 1: it is not UTF-8.'],
  ['is not JSON', linesOf(good, '{'), 'invalid_json_line', 2, 'Line 2: it is not JSON.'],
  ['has a line that is no object', linesOf(good, '[]'), 'invalid_request', 2, 'Line 2: a line must be a JSON object.'],
  [
    'has a name twice',
    good.replace('"messages"', '"model":"gpt-slow","messages"'),
    'invalid_request',
    1,
    'Line 1: it has the name "model" twice in one object.',
  ],
  [
    'has a custom_id twice',
    linesOf(good, other({}), good),
    'duplicate_custom_id',
    3,
    'Line 3: custom_id "a" was used in line 1.',
  ],
  [
    'has a custom_id twice that reads like a fault of a form',
    linesOf(requestLine('boundary-1'), requestLine('boundary-1')),
    'duplicate_custom_id',
    2,
    'Line 2: custom_id "boundary-1" was used in line 1.',
  ],
  [
    'is of two models',
    linesOf(good, other({ model: 'claude-batch' })),
    'model_mismatch',
    2,
    "Line 2: the model is claude-batch, but the first request's is gpt-batch; a batch has one model.",
  ],
  [
    'has an image',
    linesOf(good, other({ messages: [image] })),
    'invalid_request',
    2,
    'Line 2: only text is supported in batches, not image_url.',
  ],
  [
    'is of an open model',
    other({ model: 'open-text' }),
    'model_not_supported',
    1,
    'Line 1: the model open-text is an open model; batches take commercial ones.',
  ],
  [
    'is of a model without batches',
    other({ model: 'gpt-slow' }),
    'model_not_supported',
    1,
    'Line 1: the model gpt-slow is not offered for batches.',
  ],
  [
    'is of a model of another provider',
    other({ model: 'mistral-batch' }),
    'model_not_supported',
    1,
    'Line 1: the model mistral-batch is neither of OpenAI nor of Anthropic.',
  ],
  [
    'is of a model that has ended, behind blank lines',
    linesOf('', ' ', other({ model: 'gpt-ended' })),
    'model_not_supported',
    3,
    'Line 3: the model gpt-ended is not offered any more.',
  ],
  [
    'is of an unknown model',
    other({ model: 'gpt-nothing' }),
    'model_not_found',
    1,
    'Line 1: the model gpt-nothing is not on sale.',
  ],
  [
    'is for an endpoint that takes no batches',
    linesOf(good, other({}, '/v1/embeddings')),
    'url_mismatch',
    2,
    'Line 2: url must be one of /v1/chat/completions, /v1/responses, /v1/messages.',
  ],
  [
    'is for two endpoints',
    linesOf(good, other({ max_tokens: 5 }, '/v1/messages')),
    'url_mismatch',
    2,
    "Line 2: url is /v1/messages, but the first request's is /v1/chat/completions.",
  ],
  [
    'has nothing but line breaks',
    '\n'.repeat(150_000),
    'too_many_tasks',
    null,
    'The file has more than 100000 lines, blank ones among them.',
  ],
])('L2 a file that %s is refused: its error and line are told, and nothing of it stands', async (...row) => {
  const [, content, code, line, message] = row;
  const { status, body } = await upload(content);
  expect([status, body.error.code, body.error.message]).toEqual([400, code, message]);
  expect(body.error.errors[0]).toMatchObject({ code, line });
});

/** Deletes a file that was taken, so that nothing of it stands either. */
async function remove({ body }: Pick<Answer, 'body'>): Promise<void> {
  const { status } = await api.ask('DELETE', `/v1/files/${body.id}`, { key: own.owner });
  expect(status).toBe(200);
}

test('L2 a file of a model that takes no batches is refused when its first request has come, not after its last byte', async () => {
  const request = begin(100_000_000);
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  request.on('error', () => undefined);
  let lines = 0;
  const line = (): string => `${requestLine(`r${(lines += 1)}`, { model: 'open-text' })}\n`;
  request.write(HEAD + FILE + line());
  const sending = setInterval(() => request.write(line()), 20);
  try {
    const [response] = await answered;
    expect(response.statusCode).toBe(400);
    expect(JSON.parse((await response.toArray()).join('')).error).toMatchObject({
      code: 'model_not_supported',
      message: 'Line 1: the model open-text is an open model; batches take commercial ones.',
    });
  } finally {
    clearInterval(sending);
    request.destroy();
  }
});

test('L2 a file with a broken line besides is refused by that line, also when its model is known to take no batches', async () => {
  const content = `${other({ model: 'open-text' })}\n{\n`;
  const request = begin(content.length + 1);
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  request.write(HEAD + FILE + content);
  // Long enough to ask for the model.
  await sleep(200);
  request.end(`\n${END}`);
  const [response] = await answered;
  expect(JSON.parse((await response.toArray()).join('')).error).toMatchObject({
    code: 'invalid_json_line',
    message: 'Line 2: it is not JSON.',
  });
});

test('L2 50,000 lines pass and one more does not', async () => {
  const lines = linesOf(...times(REQUESTS_MAX, (i) => requestLine(`r${i}`)));
  const taken = await upload(lines);
  expect([taken.status, taken.body.bytes]).toEqual([200, lines.length]);
  await remove(taken);
  const { status, body } = await upload(lines, requestLine('one more'));
  expect([status, body.error.code, body.error.message]).toEqual([
    400,
    'too_many_tasks',
    'The file has more than 50000 requests.',
  ]);
});

test('L2 200,000,000 bytes pass and one more does not', async () => {
  const pieces = times(50, (i) => {
    const line = Buffer.alloc(FILE_BYTES_MAX / 50, ' ');
    line.write(requestLine(`r${i}`));
    line[line.length - 1] = 0x0a;
    return line;
  });
  const taken = await upload(...pieces);
  expect([taken.status, taken.body.bytes]).toEqual([200, FILE_BYTES_MAX]);
  await remove(taken);
  const { status, body } = await upload(...pieces, '\n');
  expect([status, body.error.code, body.error.message]).toEqual([
    413,
    'file_too_large',
    'The file has more than 200000000 bytes.',
  ]);
});

test('L2 a connection that breaks off in the middle leaves nothing', async () => {
  const request = begin(1_000_000);
  request.on('error', () => undefined);
  request.write(HEAD + FILE + `${good}\n`.repeat(100));
  await until(stored, (names) => names.length === 1);
  request.destroy();
});

const createOf = (inputFileId: string, endpoint = '/v1/chat/completions') =>
  api.ask('POST', '/v1/batches', {
    key: own.owner,
    body: { input_file_id: inputFileId, endpoint, completion_window: '24h' },
  });

test.each<[string, string, string | undefined, number, Record<string, unknown>]>([
  [
    'for which there is no money',
    other({ max_tokens: 1_000_000 }),
    undefined,
    402,
    { code: 'insufficient_funds', needed: '4.000008001', available: '0.01' },
  ],
  [
    'for which there is no quota',
    times(8, (i) => requestLine(`r${i}`, { max_tokens: 10_000_000, n: 128 })).join('\n'),
    undefined,
    429,
    { code: 'token_limit_exceeded', limit: 10_000_000_000, in_use: 0, requested: 10_240_000_064 },
  ],
  [
    'for another endpoint than its requests',
    good,
    '/v1/messages',
    400,
    { code: 'url_mismatch', param: 'endpoint', message: expect.stringContaining('/v1/chat/completions') as unknown },
  ],
])('L2, L3 a batch %s is refused, and takes nothing', async (_what, line, endpoint, status, error) => {
  const file = await upload(line);
  const { body } = file;
  await until(
    () => api.ask('GET', `/v1/files/${body.id}`, { key: own.owner }),
    (answer) => answer.body.status === 'processed',
  );
  const refused = await createOf(body.id as string, endpoint);
  expect([refused.status, refused.body.error]).toEqual([status, expect.objectContaining(error)]);
  expect(await leftovers()).toEqual({ ...NOTHING, files: 1, stored: [body.id, `${body.id}.index`] });
  await remove(file);
});
