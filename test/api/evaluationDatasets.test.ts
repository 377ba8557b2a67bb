/** L7: evaluation datasets are checked while they are uploaded; a refused upload leaves no byte and no row. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request as ask } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import pino from 'pino';
import { createFolderStore } from '../../batches/fileStore';
import { startErasing } from '../../workers/batchFiles';
import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { until } from '../support/notices';

const filesDir = mkdtempSync(join(tmpdir(), 'ballast-datasets-'));
let api: TestApi;
let own: TestAccount;
let erasing: { stop(): Promise<void> };
beforeAll(async () => {
  api = await startTestApi({ filesDir });
  const options = { pool: api.database.pool, store: createFolderStore(filesDir), log: pino({ level: 'silent' }) };
  erasing = startErasing({ ...options, pollMs: 20 });
});
beforeEach(async () => (own = await openAccount(api, '10.00')));
afterEach(async () => {
  await api.database.pool.query('update evaluation_datasets set removed_at = now() where removed_at is null');
  await untilNothingIsLeft();
});
afterAll(async () => {
  await erasing.stop();
  await api.close();
  rmSync(filesDir, { recursive: true, force: true });
});

const path = (id = ''): string => `/v1/accounts/${own.id}/evaluation-datasets${id && `/${id}`}`;
const upload = (raw: string | Buffer, type = 'text/csv', key = own.member): Promise<Answer> =>
  api.ask('POST', path(), { key, raw, headers: { 'Content-Type': type } });
const list = async (query = ''): Promise<any> => (await api.ask('GET', path() + query, { key: own.member })).body;
/** Contents in the store, half ones too, and rows of any kind. */
async function left(): Promise<{ bytes: string[]; rows: number }> {
  const { rowCount } = await api.database.pool.query('select 1 from evaluation_datasets where account_id = $1', [
    own.id,
  ]);
  const bytes = readdirSync(filesDir, { recursive: true }).map(String);
  return { bytes: bytes.filter((name) => name.includes('dataset-')), rows: rowCount! };
}
const untilNothingIsLeft = () => until(left, ({ bytes, rows }) => bytes.length === 0 && rows === 0);

/** Sends so many bytes of it, in pieces; with `declared`, as Content-Length. */
function stream(piece: Buffer, total: number, declared: number | null = null): Promise<{ status: number; body: any }> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${own.member}`,
      'Content-Type': 'text/csv',
      ...(declared !== null && { 'Content-Length': String(declared) }),
    };
    const request = ask({ hostname, port, method: 'POST', path: path(), headers, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => resolve({ status: answer.statusCode!, body: JSON.parse(text) }));
    });
    request.on('error', reject);
    function* pieces(): Generator<Buffer> {
      for (let sent = 0; sent < total; sent += piece.length)
        yield total - sent < piece.length ? piece.subarray(0, total - sent) : piece;
    }
    Readable.from(pieces()).pipe(request);
  });
}

test('13.10 one dataset more than an account may have is refused with limit and use, as the document has it', async () => {
  await api.database.pool.query(
    `insert into evaluation_datasets (id, account_id, rows, bytes, format, actor)
     select 'dataset-kept-' || n, $1, 1, 1, 'csv', 'test' from generate_series(1, 1000) n`,
    [own.id],
  );
  const refused = await upload('q\n1\n');
  await api.database.pool.query(`delete from evaluation_datasets where id like 'dataset-kept-%'`);
  expect(refused).toMatchObject({ status: 409, body: { code: 'limit_reached', limit: 1_000, in_use: 1_000 } });
});

test('L7 a dataset is uploaded, listed and deleted by every role of the account, as CSV and as JSON lines', async () => {
  for (const [key, content, type, format] of [
    [own.owner, 'q,a\n1,"2\n3"\n', 'text/csv; charset=utf-8', 'csv'],
    [own.modifier, '{"q":1}\n', 'application/jsonl', 'jsonl'],
    [own.member, '{"q":1}', 'application/x-ndjson', 'jsonl'],
  ] as const) {
    const { status, body } = await upload(content, type, key);
    expect([status, body]).toEqual([
      201,
      { id: expect.stringMatching(/^dataset-/), rows: 1, bytes: Buffer.byteLength(content) },
    ]);
    expect(await list()).toEqual({ data: [{ ...body, format, createdAt: expect.any(String) }], nextCursor: null });
    expect((await left()).bytes).toEqual([body.id]);
    expect((await api.ask('DELETE', path(body.id), { key })).status).toBe(204);
    expect((await api.ask('DELETE', path(body.id), { key })).status).toBe(404);
    expect((await list()).data).toEqual([]);
    await untilNothingIsLeft();
  }
});

test("another account's dataset does not exist", async () => {
  const { body } = await upload('a\n1\n');
  const other = await openAccount(api);
  const foreign = `/v1/accounts/${other.id}/evaluation-datasets/${body.id}`;
  expect((await api.ask('DELETE', foreign, { key: other.owner })).status).toBe(404);
  expect((await list()).data).toHaveLength(1);
});

test.each([
  ['has 1,000 rows', `a\n${'1\n'.repeat(1_000)}`, 'text/csv', 422, 'too_many_rows'],
  ['has 1,000 lines', '{}\n'.repeat(1_000), 'application/jsonl', 422, 'too_many_rows'],
  ['ends within quotes', 'a\n"1\n', 'text/csv', 422, 'invalid_dataset'],
  ['has a line that is no object', '{}\n1\n', 'application/jsonl', 422, 'invalid_dataset'],
  ['is empty', '', 'text/csv', 422, 'invalid_dataset'],
  ['is of another type', 'a\n1\n', 'text/plain', 415, 'unsupported_media_type'],
])('L7 a dataset that %s is refused, and leaves no byte and no row', async (_what, content, type, status, code) => {
  const { status: answered, body } = await upload(content, type);
  expect([answered, body.code]).toEqual([status, code]);
  expect(await left()).toEqual({ bytes: [], rows: 0 });
});

test('L7 999 rows pass', async () => {
  expect((await upload(`a\n${'1\n'.repeat(999)}`)).body).toMatchObject({ rows: 999 });
  expect((await upload('{}\n'.repeat(999), 'application/jsonl')).body).toMatchObject({ rows: 999 });
});

test('L7 one byte under 1 GB passes, 1 GB does not', async () => {
  // A megabyte a row: 999 of them and a header.
  const row = Buffer.alloc(1_000_000, 'x');
  row[row.length - 1] = 0x0a;
  expect(await stream(row, 999_999_999)).toMatchObject({ status: 201, body: { rows: 999, bytes: 999_999_999 } });
  const tooMany = { status: 413, body: { code: 'too_large' } };
  expect(await stream(row, 1_000_000_000)).toMatchObject(tooMany);
  expect(await stream(row, 1_000, 1_000_000_000)).toMatchObject(tooMany);
  expect((await left()).bytes).toHaveLength(1);
}, 180_000);

test('L7 an upload that breaks off leaves nothing', async () => {
  const { hostname, port } = new URL(api.url);
  const headers = {
    Authorization: `Bearer ${own.owner}`,
    'Content-Type': 'text/csv',
    'Content-Length': '1000000',
  };
  const request = ask({ hostname, port, method: 'POST', path: path(), headers, agent: false });
  request.on('error', () => undefined);
  request.write('a\n1\n');
  await until(left, ({ bytes, rows }) => bytes.length === 1 && rows === 1);
  expect((await list()).data).toEqual([]);
  request.destroy();
  await untilNothingIsLeft();
});

test('L7 five uploads of an account may be under way at once: together they are the most that lies beyond its limit', async () => {
  const { hostname, port } = new URL(api.url);
  const headers = { Authorization: `Bearer ${own.member}`, 'Content-Type': 'text/csv' };
  const underWay = Array.from({ length: 5 }, () => {
    const request = ask({ hostname, port, method: 'POST', path: path(), headers, agent: false });
    request.on('error', () => undefined);
    request.write('a,b\n');
    return request;
  });
  await until(left, ({ rows }) => rows === 5);
  expect(await upload('a,b\n')).toMatchObject({
    status: 429,
    body: { code: 'too_many_requests', limit: 5, in_use: 5 },
  });
  for (const request of underWay) request.destroy();
  await untilNothingIsLeft();
});

test('L7 an upload whose process died is erased when its time is over', async () => {
  const store = createFolderStore(filesDir);
  await store.write('dataset-dead', Readable.from([Buffer.from('a')]));
  await api.database.pool.query(
    `insert into evaluation_datasets (id, account_id, rows, bytes, format, actor, removed_at)
     values ('dataset-dead', $1, 0, 0, 'csv', 'test', now())`,
    [own.id],
  );
  await untilNothingIsLeft();
});

test('an account that is being closed takes no dataset, and erasing it erases those it has', async () => {
  expect((await upload('a\n1\n')).status).toBe(201);
  await api.database.pool.query('update accounts set closing_at = now() where id = $1', [own.id]);
  expect(await upload('a\n1\n')).toMatchObject({ status: 409, body: { code: 'account_closed' } });
  await api.database.pool.query('select erase_account($1)', [own.id]);
  await untilNothingIsLeft();
});

test('datasets are listed newest first, in pages that a deletion does not break', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.unshift((await upload('a\n1\n')).body.id);
  const first = await list('?limit=2');
  expect(first.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
  await api.ask('DELETE', path(ids[1]), { key: own.owner });
  const second = await list(`?limit=2&cursor=${first.nextCursor}`);
  expect([second.data.map(({ id }: { id: string }) => id), second.nextCursor]).toEqual([[ids[2]], null]);
});
