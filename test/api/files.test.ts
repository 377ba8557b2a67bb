/** L2: files as OpenAI's Files API has them; a refused upload leaves nothing. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request as ask } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { createAtOnce } from '../../api/http/atOnce';
import { createFolderStore } from '../../batches/fileStore';
import { FILES_LIMIT } from '../../domain/storeLimit';
import { startCountingFiles, startErasing } from '../../workers/batchFiles';
import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { putBatchModels, requestLine } from '../support/batchFiles';
import { until } from '../support/notices';
import { times } from '../support/times';

const filesDir = mkdtempSync(join(tmpdir(), 'ballast-files-'));
const store = createFolderStore(filesDir);
let api: TestApi;
let own: TestAccount;
let foreign: TestAccount;
let loops: { stop(): Promise<void> }[];
beforeAll(async () => {
  api = await startTestApi({ filesDir });
  [own, foreign] = [await openAccount(api, '100.00'), await openAccount(api)];
  await putBatchModels(api);
  const options = { pool: api.database.pool, store, log: pino({ level: 'silent' }), pollMs: 20 };
  loops = [startCountingFiles(options), startErasing(options)];
});
afterAll(async () => {
  await Promise.all(loops.map((loop) => loop.stop()));
  await api.close();
  rmSync(filesDir, { recursive: true, force: true });
});

/** Contents in the store, half ones too; the indexes of others come and go meanwhile. */
const stored = (): string[] =>
  readdirSync(filesDir, { recursive: true })
    .map(String)
    .filter((name) => name.includes('file-') && !name.includes('.index'));

async function upload(
  content: string | Blob,
  fields: Record<string, string> = { purpose: 'batch' },
  key = own.member,
  fileFirst = false,
): Promise<Answer> {
  const form = new FormData();
  const file = content instanceof Blob ? content : new Blob([content]);
  if (fileFirst) form.set('file', file, 'requests.jsonl');
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  if (!fileFirst) form.set('file', file, 'requests.jsonl');
  const response = await fetch(`${api.url}/v1/files`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'X-Account-Id': own.id },
    body: form,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

test('L2 a file is uploaded, listed, read and deleted, by members and by services for an account', async () => {
  const content = [requestLine('a'), requestLine('b')].join('\n');
  for (const key of [own.owner, own.modifier, own.member, api.service]) {
    const { status, body } = await upload(
      content,
      { purpose: 'batch', 'expires_after[anchor]': 'created_at', 'expires_after[seconds]': '3600' },
      key,
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      object: 'file',
      bytes: content.length,
      filename: 'requests.jsonl',
      purpose: 'batch',
    });
    expect(body.id).toMatch(/^file-/);
    expect(body.expires_at - body.created_at).toBe(3_600);
    const asked = { key, headers: { 'X-Account-Id': own.id } };
    await until(
      () => api.ask('GET', `/v1/files/${body.id}`, asked),
      (answer) => answer.body.status === 'processed',
    );
    const read = await api.ask('GET', `/v1/files/${body.id}/content`, asked);
    expect([read.status, read.body]).toEqual([200, content]);
    expect(read.headers.get('content-disposition')).toContain('requests.jsonl');
    expect((await api.ask('GET', '/v1/files?purpose=batch&limit=1', asked)).body).toMatchObject({
      object: 'list',
      data: [{ id: body.id }],
      first_id: body.id,
      last_id: body.id,
    });
    expect((await api.ask('GET', `/v1/files/${body.id}`, { key: foreign.owner })).status).toBe(404);
    expect((await api.ask('DELETE', `/v1/files/${body.id}`, { key: foreign.owner })).status).toBe(404);
    expect((await api.ask('DELETE', `/v1/files/${body.id}`, asked)).body).toEqual({
      id: body.id,
      object: 'file',
      deleted: true,
    });
    expect((await api.ask('GET', `/v1/files/${body.id}`, asked)).status).toBe(404);
  }
  await until(
    () => Promise.resolve(stored()),
    (names) => names.length === 0,
  );
});

test('L2 the fields may come before the file or after it', async () => {
  expect((await upload(requestLine('a'), { purpose: 'batch' }, own.owner, true)).status).toBe(200);
  expect((await upload(requestLine('a'), { purpose: 'batch' }, own.owner, false)).status).toBe(200);
});

test.each([
  ['empty', '', 400, 'empty_file', null],
  ['not JSON', `${requestLine('a')}\n{`, 400, 'invalid_json_line', 2],
  ['no object', '[]', 400, 'invalid_request', 1],
  [
    'with a name twice',
    requestLine('a').replace('"messages"', '"model":"gpt-slow","messages"'),
    400,
    'invalid_request',
    1,
  ],
  ['of an unknown model', requestLine('a', { model: 'gpt-nothing' }), 400, 'model_not_found', 1],
  ['of an open model', requestLine('a', { model: 'open-text' }), 400, 'model_not_supported', 1],
  ['of a model without batches', requestLine('a', { model: 'gpt-slow' }), 400, 'model_not_supported', 1],
  ['of two models', [requestLine('a'), requestLine('b', { model: 'gpt-slow' })].join('\n'), 400, 'model_mismatch', 2],
  ['with a custom_id twice', [requestLine('a'), requestLine('a')].join('\n'), 400, 'duplicate_custom_id', 2],
  [
    'with an image',
    requestLine('a', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }),
    400,
    'invalid_request',
    1,
  ],
  ['of line breaks only', '\n'.repeat(150_000), 400, 'too_many_tasks', null],
])(
  'L2 a file that is %s is refused with its line, and leaves no byte and no row',
  async (_what, content, status, code, line) => {
    const before = stored();
    const { status: answered, body } = await upload(content);
    expect([answered, body.error.code, body.error.errors[0].line]).toEqual([status, code, line]);
    if (line !== null) expect(body.error.message).toContain(`ine ${line}`);
    await until(
      () => Promise.resolve(stored()),
      (names) => names.length === before.length,
    );
    const { rows } = await api.database.pool.query('select 1 from files where removed_at > now()');
    expect(rows).toEqual([]);
  },
);

test('L2 200,000,000 bytes pass and one more does not', async () => {
  const line = Buffer.from(`${requestLine('a')}\n`);
  const fits = Buffer.alloc(200_000_000, ' ');
  for (let at = 0, i = 0; at < fits.length; at += 4_000_000, i++) {
    Buffer.from(requestLine(`r${i}`)).copy(fits, at);
    fits[at + 3_999_999] = 0x0a;
  }
  expect(line.length).toBeLessThan(4_000_000);
  expect((await upload(new Blob([fits]))).body).toMatchObject({ bytes: 200_000_000 });
  const { status, body } = await upload(new Blob([fits, '\n']));
  expect([status, body.error.code]).toEqual([413, 'file_too_large']);
}, 120_000);

test.each([
  ['without a purpose', {}, 'purpose'],
  ['for another purpose', { purpose: 'fine-tune' }, 'purpose'],
  [
    'with a time it can not have',
    { purpose: 'batch', 'expires_after[anchor]': 'created_at', 'expires_after[seconds]': '60' },
    'expires_after[seconds]',
  ],
])('an upload %s is refused by name', async (_what, fields, param) => {
  const { status, body } = await upload(requestLine('a'), fields);
  expect([status, body.error.code, body.error.param]).toEqual([400, 'invalid_request', param]);
});

test('what is no form with a file is refused', async () => {
  const send = async (type: string, raw: string): Promise<unknown[]> => {
    const { status, body } = await api.ask('POST', '/v1/files', {
      key: own.owner,
      raw,
      headers: { 'Content-Type': type },
    });
    return [status, body.error.code];
  };
  expect(await send('application/json', '{}')).toEqual([415, 'unsupported_media_type']);
  expect(await send('multipart/form-data', 'x')).toEqual([400, 'invalid_request']);
  expect(await send('multipart/form-data; boundary=b', 'no part at all')).toEqual([400, 'invalid_request']);
  expect(
    await send(
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b--\r\n',
    ),
  ).toEqual([400, 'invalid_request']);
});

test('a service must say for which account it asks', async () => {
  expect((await api.ask('GET', '/v1/files', { key: api.service })).status).toBe(400);
  expect((await api.ask('GET', '/v1/files', { key: api.service, headers: { 'X-Account-Id': 'nobody' } })).status).toBe(
    404,
  );
});

test('L2 a connection that breaks off in the middle leaves nothing', async () => {
  const before = stored().length;
  const { hostname, port } = new URL(api.url);
  const request = ask({
    hostname,
    port,
    method: 'POST',
    path: '/v1/files',
    headers: {
      Authorization: `Bearer ${own.owner}`,
      'Content-Type': 'multipart/form-data; boundary=b',
      'Content-Length': '1000000',
    },
  });
  request.on('error', () => undefined);
  request.write('--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n');
  request.write(`${requestLine('a')}\n`.repeat(100));
  await sleep(200);
  request.destroy();
  await until(
    () => Promise.resolve(stored()),
    (names) => names.length === before,
  );
  await until(
    () => api.database.pool.query('select 1 from files where removed_at > now()'),
    ({ rowCount }) => rowCount === 0,
  );
});

describe('issue 13.10 an account keeps no more than it may have', () => {
  const insertFiles = (count: number, bytes: number) =>
    api.database.pool.query(
      `insert into files (id, account_id, purpose, filename, bytes, model_id, endpoint, requests, input_tokens, output_tokens, actor)
       select 'file-kept' || i, $1, 'batch', 'kept.jsonl', $3, f.model_id, f.endpoint, 1, 1, 1, 'test'
       from generate_series(1, $2::int) i, (select * from files where model_id is not null limit 1) f`,
      [own.id, count, bytes],
    );
  beforeEach(async () => {
    own = await openAccount(api, '100.00');
    await upload(requestLine('a'));
  });
  const rowsOf = async (): Promise<number> =>
    (await api.database.pool.query('select from files where account_id = $1 and removed_at is null', [own.id]))
      .rowCount!;

  test('of many uploads at once exactly as many are kept as there is room for', async () => {
    await insertFiles(FILES_LIMIT.count - 3, 1);
    const answers = await Promise.all(times(6, (i) => upload(requestLine(`at-once-${i}`))));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 409, 409, 409, 409]);
    const refused = answers.find(({ status }) => status === 409)!;
    expect(refused.body.error).toMatchObject({
      code: 'limit_reached',
      message: expect.stringContaining('0 to 10000'),
      limit: 10_000,
      in_use: 10_000,
    });
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(await rowsOf()).toBe(FILES_LIMIT.count);
    await api.database.pool.query(`delete from files where id like 'file-kept%'`);
  });

  test('their bytes together are bounded, to the byte', async () => {
    const [line, kept] = [requestLine('b'), requestLine('a').length];
    await insertFiles(1, FILES_LIMIT.bytes - kept - line.length);
    expect((await upload(`${line}\n`)).body.error).toMatchObject({ code: 'limit_reached', limit: FILES_LIMIT.bytes });
    expect((await upload(line)).status).toBe(200);
    expect((await upload(line)).status).toBe(409);
    await api.database.pool.query(`delete from files where id like 'file-kept%'`);
  });

  test('of uploads at once one too many is told to come again, and another account is not concerned', async () => {
    const atOnce = createAtOnce(1, 'uploads');
    let end = (): void => undefined;
    const first = atOnce.run('a', () => new Promise<void>((resolve) => (end = resolve)));
    await expect(atOnce.run('a', () => Promise.resolve())).rejects.toMatchObject({
      code: 'too_many_requests',
      extras: { members: { limit: 1, in_use: 1 } },
    });
    await atOnce.run('b', () => Promise.resolve());
    end();
    await first;
    await atOnce.run('a', () => Promise.resolve());
  });
});
