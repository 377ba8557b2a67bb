/** L4: whatever of a job's files can't be read, it comes to an end, and its money and tokens come back. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { createBatchActivities, type AdvancedBatch } from '../../activities/batches';
import { counterOf } from '../../batches/countTokens';
import { createFolderStore, StoreUnavailable } from '../../batches/fileStore';
import { indexFile } from '../../batches/requestIndex';
import { MARKER } from '../../batches/storeMarker';
import { estimateFile } from '../../domain/batchPrice';
import { countClaims } from '../../ledger/batches/countClaims';
import { readBatch } from '../../ledger/batches/readBatch';
import { readStoreOwner } from '../../ledger/files/readStoreOwner';
import { findViolations } from '../../ledger/transactions/findViolations';
import { isReady } from '../../api/readiness';
import { startExecutor } from '../../examples/batch-executor/executor';
import { startErasing } from '../../workers/batchFiles';
import { startClosingOverdue } from '../../workers/batchOverdue';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { requestLine } from '../support/batchFiles';
import { create, insertBatchModel, runningBatch, wishFor } from '../support/batchJob';
import { until } from '../support/notices';
import { times } from '../support/times';

const folder = mkdtempSync(join(tmpdir(), 'ballast-unreadable-'));
const store = createFolderStore(folder, () => readStoreOwner(api.database.pool));
const log = pino({ level: 'silent' });
const DAY_MS = 86_400_000;
let api: TestApi;
let own: TestAccount;
beforeAll(async () => {
  api = await startTestApi({ filesDir: folder });
  await insertBatchModel(api.database.pool);
  own = await openAccount(api, '500.00');
});
afterEach(async () => expect(await findViolations(api.database.pool)).toEqual([]));
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});

/** A job of three requests that was just created, and its input. */
async function created(): Promise<{ id: string; input: string; index: string }> {
  const wish = await wishFor(api.database.pool, own.id, 3);
  const lines = ['a', 'b', 'c'].map((customId) => requestLine(customId));
  await store.write(wish.inputFileId, Readable.from([Buffer.from(lines.join('\n'))]));
  const totals = await indexFile(store, { id: wish.inputFileId, attempt: 1 }, counterOf('openai'), 1_000);
  const reserved = {
    tokens: totals.inputTokens + totals.outputTokens,
    held: estimateFile(wish.prices, totals, totals.requests),
  };
  expect((await create(api.database.pool, { ...wish, ...reserved })).kind).toBe('created');
  const input = join(folder, wish.inputFileId);
  return { id: wish.id, input, index: `${input}.index` };
}
/** What can be listed, but not read: no rights would keep root from it. */
function makeUnreadable(path: string): void {
  rmSync(path);
  mkdirSync(path);
}
const environment = (laterMs = 0): MockActivityEnvironment =>
  new MockActivityEnvironment(
    { scheduledTimestampMs: 1, currentAttemptScheduledTimestampMs: 1 + laterMs },
    { logger: new DefaultLogger('ERROR') },
  );
/** A try of the activity so long after its first one, as Temporal makes them. */
const advance = (batchId: string, laterMs = 0): Promise<AdvancedBatch> =>
  environment(laterMs).run(createBatchActivities({ pool: api.database.pool, store, log }).advanceBatch, {
    batchId,
    nowMs: Date.now(),
  });
const job = async (id: string) => (await readBatch(api.database.pool, id))!;
const claim = (id: string, limit = 10) =>
  api.ask('POST', `/v1/batches/${id}/claims`, { key: api.service, body: { limit, leaseSeconds: 60 } });

test('L4 a job whose index can not be read gives all back after 24 hours, however often the same try fails', async () => {
  const { id, index } = await created();
  makeUnreadable(index);
  await expect(advance(id)).rejects.toThrow();
  await expect(advance(id, DAY_MS - 60_000)).rejects.toThrow();
  expect(await job(id)).toMatchObject({ status: 'validating', closed: false });
  await expect(advance(id, DAY_MS)).rejects.toThrow();
  expect(await job(id)).toMatchObject({ status: 'finalizing', closed: true, held: 0n, reservedTokens: 0 });
  await api.database.pool.query("update batches set finalizing_at = now() - interval '61 minutes' where id = $1", [id]);
  expect(await advance(id, DAY_MS)).toEqual({ kind: 'ended' });
  expect(await job(id)).toMatchObject({ status: 'expired', errorFileId: null, charged: 0n });
});

test('L4 a job that was not begun in 24 hours, with a whole index, has a line for each request', async () => {
  const { id } = await created();
  expect(await advance(id, DAY_MS)).toEqual({ kind: 'ended' });
  const { status, errorFileId } = await job(id);
  expect(status).toBe('expired');
  const lines = (await (await store.read(errorFileId!)).toArray()).join('').trim().split('\n');
  expect(lines).toHaveLength(3);
});

test.each([
  ['is no index', (index: string) => writeFileSync(index, 'not what was written\n')],
  ['was cut off', (index: string) => truncateSync(index, 60)],
])('L4 a job whose index %s fails at once, and gives all back', async (_what, damage) => {
  const { id, index } = await created();
  damage(index);
  expect(await advance(id)).toEqual({ kind: 'ended' });
  expect(await job(id)).toMatchObject({ status: 'failed', held: 0n, errors: [{ param: 'input_file_id' }] });
});

test('L4 a job whose files can not be written has given all back before', async () => {
  const { id } = await created();
  await advance(id);
  await api.database.pool.query('update batches set expires_at = now() where id = $1', [id]);
  const full = { ...store, write: (name: string) => Promise.reject(new StoreUnavailable(name, new Error('ENOSPC'))) };
  const { advanceBatch } = createBatchActivities({ pool: api.database.pool, store: full, log });
  const tried = environment().run(advanceBatch, { batchId: id, nowMs: Date.now() });
  await expect(tried).rejects.toThrow('ENOSPC');
  expect(await job(id)).toMatchObject({ status: 'finalizing', held: 0n, reservedTokens: 0 });
  expect(await advance(id)).toEqual({ kind: 'ended' });
  expect(await job(id)).toMatchObject({ status: 'expired' });
});

test('L4 a job whose workflow does nothing, as Temporal is away, gives all back when its window has ended', async () => {
  const { id } = await created();
  await api.database.pool.query("update batches set expires_at = now() - interval '2 minutes' where id = $1", [id]);
  const closing = startClosingOverdue({ pool: api.database.pool, log, pollMs: 20 });
  await until(
    () => job(id),
    ({ closed, held }) => closed && held === 0n,
  );
  await closing.stop();
  expect(await advance(id)).toEqual({ kind: 'ended' });
  expect(await job(id)).toMatchObject({ status: 'expired' });
});

test('L4 an overdue job that can not be closed keeps no other from giving back, and is tried again', async () => {
  const { pool } = api.database;
  const [broken, fine] = [await created(), await created()];
  await pool.query("update batches set expires_at = now() - interval '3 minutes' where id = $1", [broken.id]);
  await pool.query("update batches set expires_at = now() - interval '2 minutes' where id = $1", [fine.id]);
  // More than its account holds: giving it back is refused by a constraint.
  const holdMore = (dollars: number) =>
    pool.query('update batches set held_nano = held_nano + $2::bigint * 1000000000 where id = $1', [
      broken.id,
      dollars,
    ]);
  await holdMore(1_000);
  const warned: object[] = [];
  const telling = { warn: (about: object) => void warned.push(about) };
  const closing = startClosingOverdue({ pool, log: telling as never, pollMs: 20 });
  try {
    await until(
      () => job(fine.id),
      ({ closed, held }) => closed && held === 0n,
    );
    expect(await job(broken.id)).toMatchObject({ closed: false });
    expect(warned).toContainEqual({ batch: broken.id, error: expect.stringContaining('held_nano') });
    await holdMore(-1_000);
    await until(
      () => job(broken.id),
      ({ closed, held }) => closed && held === 0n,
    );
  } finally {
    await closing.stop();
  }
  for (const { id } of [broken, fine]) expect(await advance(id)).toEqual({ kind: 'ended' });
});

test('L4 an input that can not be read is not handed out, and is again as soon as it can', async () => {
  const { id, input } = await created();
  await advance(id);
  makeUnreadable(input);
  for (let i = 0; i < 3; i++)
    expect(await claim(id)).toMatchObject({ status: 503, body: { error: { code: 'storage_unavailable' } } });
  const { rows } = await api.database.pool.query('select leased_until from batch_requests where batch_id = $1', [id]);
  expect(rows).toEqual([{ leased_until: null }, { leased_until: null }, { leased_until: null }]);
  rmSync(input, { recursive: true });
  writeFileSync(input, ['a', 'b', 'c'].map((customId) => requestLine(customId)).join('\n'));
  expect((await claim(id)).body.data).toHaveLength(3);
});

test("L4, L5 a job whose input can not be read takes nothing of its account's minute, and does not stand before others", async () => {
  const [stuck, fine] = [await created(), await created()];
  for (const { id } of [stuck, fine]) await advance(id);
  const claimed = () => countClaims(api.database.pool, own.id);
  const before = await claimed();
  makeUnreadable(stuck.input);
  const claimable = async () => {
    const { body } = await api.ask('GET', '/v1/batches/claimable', { key: api.service });
    return body.data.map(({ id }: { id: string }) => id).filter((id: string) => id === stuck.id || id === fine.id);
  };
  expect(await claimable()).toEqual([stuck.id, fine.id]);
  // What others of the account claim in the same second stays counted.
  await Promise.all([...times(5, () => claim(stuck.id)), claim(fine.id, 1)]);
  expect(await claimed()).toBe(before + 1);
  expect(await claimable()).toEqual([fine.id]);
  await api.database.pool.query('update batches set unreadable_until = now() where id = $1', [stuck.id]);
  expect(await claimable()).toEqual([stuck.id, fine.id]);
});

test('L4, L5 the reference executor goes on with the next job where one can not be executed, page by page', async () => {
  const stuck = await created();
  await advance(stuck.id);
  makeUnreadable(stuck.input);
  // Those of which nothing can be handed out, as their inputs are lost, fill the rest of the first page.
  for (let i = 0; i < 100; i++) await runningBatch(api.database.pool, own.id, 1);
  const fine = await created();
  await advance(fine.id);
  const refusals: string[] = [];
  const executor = startExecutor({
    url: api.url,
    key: api.service,
    // It looks once.
    idleMs: 600_000,
    onError: (error) => refusals.push(String(error)),
  });
  try {
    await until(
      () => job(fine.id),
      ({ completed }) => completed === 3,
    );
  } finally {
    await executor.stop();
  }
  expect(refusals.filter((text) => text.includes(stuck.id))).toEqual([expect.stringContaining('storage_unavailable')]);
});

test('L4 requests that are not in the input any more fail with a reason, and the job ends and gives all back', async () => {
  const { id, input } = await created();
  await advance(id);
  truncateSync(input, requestLine('a').length + 1);
  expect((await claim(id)).body.data).toMatchObject([{ custom_id: 'a' }]);
  expect(await job(id)).toMatchObject({ failed: 2, status: 'in_progress' });
  rmSync(input);
  await api.database.pool.query('update batch_requests set leased_until = now() where batch_id = $1 and line = 1', [
    id,
  ]);
  expect((await claim(id)).body.data).toEqual([]);
  expect(await advance(id)).toEqual({ kind: 'ended' });
  const { status, errorFileId, held, charged } = await job(id);
  expect({ status, held, charged }).toEqual({ status: 'completed', held: 0n, charged: 0n });
  const lines = (await (await store.read(errorFileId!)).toArray()).join('').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject(
    ['a', 'b', 'c'].map((customId) => ({ custom_id: customId, response: null, error: { code: 'input_lost' } })),
  );
});

test('L4 the workflow of a job that a restored database does not have ends', async () => {
  expect(await advance('batch_of_tomorrow')).toEqual({ kind: 'ended' });
});

describe('a folder that is not mounted', () => {
  const away = `${folder}-away`;
  function unmount(): void {
    renameSync(folder, away);
    mkdirSync(folder);
  }
  function mount(): void {
    rmdirSync(folder);
    renameSync(away, folder);
  }
  const missing = async (): Promise<string[][]> => {
    const ready = await api.ask('GET', '/readyz');
    const system = await api.ask('GET', '/v1/system', { key: api.admin });
    return [ready.body.missing, system.body.readiness.missing];
  };

  test('L3, L4 looks like no lost file: jobs wait with all they reserve, and go on when it is back', async () => {
    const [begun, waiting, deleted] = [await created(), await created(), await created()];
    await advance(begun.id);
    await api.ask('POST', `/v1/batches/${deleted.id}/cancel`, { key: own.owner });
    await advance(deleted.id);
    const before = [await job(begun.id), await job(waiting.id)];
    const deletedId = deleted.input.split('/').at(-1)!;
    unmount();
    try {
      expect(await missing()).toEqual([expect.arrayContaining(['storage']), expect.arrayContaining(['storage'])]);
      expect(await claim(begun.id)).toMatchObject({ status: 503, body: { error: { code: 'storage_unavailable' } } });
      await expect(advance(waiting.id)).rejects.toThrow(/is the folder mounted/);
      const input = begun.input.split('/').at(-1)!;
      const download = await api.ask('GET', `/v1/files/${input}/content`, { key: own.owner });
      expect([download.status, download.body.error.code]).toEqual([503, 'storage_unavailable']);
      const dataset = await api.ask('POST', `/v1/accounts/${own.id}/evaluation-datasets`, {
        key: own.owner,
        raw: '{"a":1}',
        headers: { 'Content-Type': 'application/jsonl' },
      });
      expect([dataset.status, dataset.body.code]).toEqual([503, 'storage_unavailable']);
      expect((await api.ask('DELETE', `/v1/files/${deletedId}`, { key: own.owner })).status).toBe(200);
      const warned: string[] = [];
      const erasing = startErasing({
        pool: api.database.pool,
        store,
        log: { warn: ({ error }: { error: string }) => void warned.push(error) } as never,
        pollMs: 20,
      });
      await until(
        () => warned,
        ({ length }) => length > 1,
      );
      await erasing.stop();
      expect([await job(begun.id), await job(waiting.id)]).toEqual(before);
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      mount();
    }
    const { rows } = await api.database.pool.query('select erased from files where id = $1', [deletedId]);
    expect(rows).toEqual([{ erased: false }]);
    expect((await missing()).flat()).not.toContain('storage');
    expect((await claim(begun.id)).body.data).toHaveLength(3);
    await advance(waiting.id);
    expect((await job(waiting.id)).status).toBe('in_progress');
  });

  test("L2 another deployment's folder is not taken; one from before there were markers is, by a file that is in it", async () => {
    const path = join(folder, MARKER);
    const mine = readFileSync(path, 'utf8');
    const fresh = () => createFolderStore(folder, () => readStoreOwner(api.database.pool)).check();
    writeFileSync(path, '00000000-0000-4000-8000-000000000000');
    const foreign = { id: mine, expected: ['file-0'] };
    await expect(createFolderStore(folder, () => Promise.resolve(foreign)).check()).rejects.toThrow(
      /another deployment/,
    );
    rmSync(path);
    await expect(createFolderStore(folder, () => Promise.resolve(foreign)).check()).rejects.toThrow(/mounted/);
    await created();
    await fresh();
    expect(readFileSync(path, 'utf8')).toBe(mine);
  });

  test('L5 keeps a process that serves no files from nothing', () => {
    expect(isReady(['storage'], { servesFiles: false })).toBe(true);
    expect(isReady(['storage', 'database'], { servesFiles: false })).toBe(false);
    expect(isReady(['storage'], { servesFiles: true })).toBe(false);
  });
});
