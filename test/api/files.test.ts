/** L2: files as OpenAI's Files API has them; a refused upload leaves nothing. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createAtOnce } from '../../api/http/atOnce';
import { createFolderStore } from '../../batches/fileStore';
import { FILES_LIMIT } from '../../domain/storeLimit';
import { startCountingFiles, startErasing } from '../../workers/batchFiles';
import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { watchCallers } from '../support/callers';
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

/** All there is in the store: whole files, indexes, and what is half written. */
const stored = (): string[] =>
  readdirSync(filesDir, { recursive: true })
    .map(String)
    .filter((name) => name.includes('file-'));

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

/** Linux tells which files a process has open. */
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('L2 a content that nobody is sent is closed at once', () => {
  let id: string;
  beforeEach(async () => {
    id = (await upload(requestLine('a'.repeat(200)))).body.id as string;
  });
  /** How often this process has the file open. */
  const openedTimes = (): number =>
    readdirSync('/proc/self/fd').filter((descriptor) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`).endsWith(id);
      } catch {
        return false;
      }
    }).length;
  const expectClosed = async (): Promise<void> => {
    await until(
      () => Promise.resolve(openedTimes()),
      (count) => count === 0,
    ).catch(() => undefined);
    expect(openedTimes()).toBe(0);
  };

  test('after HEAD, which says how long it is', async () => {
    for (const _ of times(20, () => null)) {
      const { status, headers } = await api.ask('HEAD', `/v1/files/${id}/content`, { key: own.member });
      expect([status, headers.get('content-length')]).toEqual([200, String(requestLine('a'.repeat(200)).length)]);
    }
    await expectClosed();
  });

  test('when its caller leaves while it is looked for', async () => {
    const { hostname, port } = new URL(api.url);
    const { pool } = api.database;
    const path = `/v1/files/${id}/content`;
    const callers = watchCallers(path);
    const locking = await api.database.owner.connect();
    try {
      await locking.query('begin; lock table files');
      const sent = times(20, () => {
        const request = get({ hostname, port, path, headers: { Authorization: `Bearer ${own.member}` } });
        return request.on('error', () => undefined);
      });
      await until(callers.came, (count) => count === sent.length);
      await until(
        async () => {
          const waiting = "select count(*)::int as n from pg_locks where relation = 'files'::regclass and not granted";
          return (await locking.query<{ n: number }>(waiting)).rows[0]!.n;
        },
        // As many as can wait; the others wait for a connection.
        (count) => count === pool.options.max,
      );
      for (const request of sent) request.destroy();
      await until(callers.open, (count) => count === 0);
    } finally {
      callers.stop();
      await locking.query('commit');
      locking.release();
    }
    await until(
      () => pool.waitingCount + pool.totalCount - pool.idleCount,
      (busy) => busy === 0,
    );
    // Those that waited have opened it once another that came after them is answered.
    expect((await api.ask('GET', path, { key: own.member })).status).toBe(200);
    await expectClosed();
  });
});

test('L2 the fields may come before the file or after it', async () => {
  expect((await upload(requestLine('a'), { purpose: 'batch' }, own.owner, true)).status).toBe(200);
  expect((await upload(requestLine('a'), { purpose: 'batch' }, own.owner, false)).status).toBe(200);
});

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
