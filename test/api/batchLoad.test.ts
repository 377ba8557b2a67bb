/** L2, L3, L5: what a batch load may be: one line of ten megabytes, and jobs without number. Their processes are as in production. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { startApiProcess, type ApiProcess } from '../support/apiProcess';
import { putBatchModels, requestLine } from '../support/batchFiles';
import { insertInput } from '../support/batchJob';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/notices';
import { times } from '../support/times';

const filesDir = mkdtempSync(join(tmpdir(), 'ballast-load-'));
let database: TestDatabase;
let batches: ApiProcess;
let front: TestApi;
let own: TestAccount;
let worker: ChildProcess | undefined;
beforeAll(async () => {
  database = await createTestDatabase();
  batches = await startApiProcess({ DATABASE_URL: database.url, FILES_DIR: filesDir, TRUSTED_PROXIES: 'loopback' });
  front = await startTestApi({ database, batchesUrl: batches.url });
  await putBatchModels(front);
  own = await openAccount(front, '1000.00');
});
afterAll(async () => {
  await killWorker();
  await front.close();
  await batches.stop();
  await database.drop();
  rmSync(filesDir, { recursive: true, force: true });
});

async function killWorker(): Promise<void> {
  if (!worker) return;
  const gone = once(worker, 'exit');
  worker.kill('SIGKILL');
  await gone;
  worker = undefined;
}

const TOKENS_MAX = 10_000_000_000;
const createOf = (inputFileId: string) =>
  front.ask('POST', '/v1/batches', {
    key: own.member,
    body: { input_file_id: inputFileId, endpoint: '/v1/chat/completions', completion_window: '24h' },
  });

test('L2, L5 one line with ten megabytes of _ is taken and counted, and gates are answered all the while', async () => {
  worker = spawn(process.execPath, [join(__dirname, '..', '..', 'dist', 'workers', 'batchesMain.js')], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS,
      FILES_DIR: filesDir,
      LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(worker.stdout!, 'data');

  let isUploading = true;
  let isCounting = true;
  const gates = { uploading: 0, counting: 0 };
  const asking = (async () => {
    while (isCounting) {
      const at = isUploading ? 'uploading' : 'counting';
      expect((await front.ask('GET', `/v1/accounts/${own.id}/gate`, { key: front.service })).body.allowed).toBe(true);
      gates[at]++;
    }
  })();
  const form = new FormData();
  form.set('purpose', 'batch');
  const messages = [{ role: 'user', content: '_'.repeat(10_000_000) }];
  form.set('file', new Blob([requestLine('long', { messages })]), 'requests.jsonl');
  const headers = { Authorization: `Bearer ${own.member}` };
  const answer = await fetch(`${front.url}/v1/files`, { method: 'POST', headers, body: form });
  isUploading = false;
  const file = (await answer.json()) as { id: string };
  expect([answer.status, file]).toMatchObject([200, { object: 'file', bytes: expect.any(Number) }]);

  // The API waits for the count for 50 s; a line that costs the square of its length would not be counted in hours.
  const estimate = await until(
    () => front.ask('POST', '/v1/batches/estimate', { key: own.member, body: { input_file_id: file.id } }),
    ({ body }) => body.error?.code !== 'file_not_counted',
    120_000,
  );
  isCounting = false;
  await asking;
  expect(estimate).toMatchObject({ status: 200, body: { requests: 1, fits: true } });
  expect(estimate.body.tokens).toBeGreaterThan(100_000);
  expect(gates.uploading).toBeGreaterThan(0);
  expect(gates.counting).toBeGreaterThan(0);
  await killWorker();
});

test('L3 however many jobs are open, only quota and money refuse another one', async () => {
  const fileId = await insertInput(database.pool, own.id, 1);
  const created: Awaited<ReturnType<typeof createOf>>[] = [];
  // Open together, not asked for together: on a busy machine 300 at once wait for connections until they are told 503.
  for (let round = 0; round < 15; round++) created.push(...(await Promise.all(times(20, () => createOf(fileId)))));
  expect(created.map(({ status }) => status)).toEqual(times(300, () => 200));
  expect(new Set(created.map(({ body }) => body.id)).size).toBe(300);
  const { rows } = await database.pool.query<{ open: number; tokens: bigint }>(
    `select count(*)::int as open, sum(reserved_tokens)::bigint as tokens from batches where status = 'validating'`,
  );
  expect(rows[0]!.open).toBe(300);
  await database.pool.query('update files set input_tokens = $2 where id = $1', [fileId, TOKENS_MAX]);
  expect(await createOf(fileId)).toMatchObject({
    status: 429,
    body: { error: { code: 'token_limit_exceeded' } },
  });
  // Of the quota that is left, though not of the money.
  const left = TOKENS_MAX - Number(rows[0]!.tokens);
  await database.pool.query('update files set input_tokens = $2 where id = $1', [fileId, left]);
  expect(await createOf(fileId)).toMatchObject({ status: 402, body: { error: { code: 'insufficient_funds' } } });
  await database.pool.query('update files set input_tokens = 1 where id = $1', [fileId]);
  expect((await createOf(fileId)).status).toBe(200);
});

test('L2 the same Idempotency-Key is the same batch also by another key of the account', async () => {
  const fileId = await insertInput(database.pool, own.id, 1);
  const create = (key: string, metadata: object) =>
    front.ask('POST', '/v1/batches', {
      key,
      body: { input_file_id: fileId, endpoint: '/v1/chat/completions', completion_window: '24h', metadata },
      headers: { 'Idempotency-Key': 'one' },
    });
  const [first, second] = [await create(own.member, { a: '1' }), await create(own.owner, { a: '1' })];
  expect([first.status, second.status, second.body.id]).toEqual([200, 200, first.body.id]);
  expect(await create(own.owner, { a: '2' })).toMatchObject({ status: 409 });
});

test('L2 an upload into a folder that is not mounted any more is refused, and the process lives on', async () => {
  for (const name of readdirSync(filesDir)) rmSync(join(filesDir, name), { recursive: true });
  for (const attempt of [1, 2]) {
    const form = new FormData();
    form.set('purpose', 'batch');
    form.set('file', new Blob([requestLine(`r${attempt}`)]), 'requests.jsonl');
    const headers = { Authorization: `Bearer ${own.member}` };
    const answer = await fetch(`${front.url}/v1/files`, { method: 'POST', headers, body: form });
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: 'storage_unavailable' } }]);
  }
  expect(batches.child.exitCode).toBeNull();
});
