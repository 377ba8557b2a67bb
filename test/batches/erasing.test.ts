/** L2: what is removed leaves no byte in the store, also when it is being written at that moment. */
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { createBatchActivities } from '../../activities/batches';
import { counterOf } from '../../batches/countTokens';
import { createFolderStore, type FileStore } from '../../batches/fileStore';
import { errorIdOf, outputIdOf } from '../../batches/outputs';
import { indexFile } from '../../batches/requestIndex';
import { cancelBatch } from '../../ledger/batches/cancelBatch';
import { insertRequests } from '../../ledger/batches/insertRequests';
import { readBatch } from '../../ledger/batches/readBatch';
import { transaction } from '../../ledger/db';
import { dropDataset } from '../../ledger/datasets/reserveDataset';
import { claimUncountedFile, saveFileTokens } from '../../ledger/files/countFiles';
import { removeFile } from '../../ledger/files/removeFile';
import { dropFile, reserveFile } from '../../ledger/files/reserveFile';
import { startCountingFiles, startErasing } from '../../workers/batchFiles';
import { startSweepingFiles } from '../../workers/fileSweep';
import { requestLine } from '../support/batchFiles';
import { create, insertBatchModel, insertInput, wishFor } from '../support/batchJob';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount } from '../support/ledgerAccount';
import { until } from '../support/notices';
import { times } from '../support/times';

const folder = mkdtempSync(join(tmpdir(), 'ballast-erasing-'));
const store = createFolderStore(folder);
const log = pino({ level: 'silent' });
let database: TestDatabase;
let account: string;
let erasing: { stop(): Promise<void> };
beforeAll(async () => {
  database = await createTestDatabase();
  await insertBatchModel(database.pool);
  account = await openAccount(database.pool);
  await credit(database.pool, account, '50.00');
  erasing = startErasing({ pool: database.pool, store, log, pollMs: 20 });
});
afterAll(async () => {
  await erasing.stop();
  await database.drop();
  rmSync(folder, { recursive: true });
});

const stored = (): string[] => readdirSync(folder).filter((name) => name !== 'partial');
const erased = async (fileId: string): Promise<boolean> =>
  (await database.pool.query<{ erased: boolean }>('select erased from files where id = $1', [fileId])).rows[0]!.erased;
const isGone = (fileId: string): Promise<boolean> =>
  until(
    () => erased(fileId),
    (gone) => gone,
  );
const endClaim = (fileId: string) =>
  database.pool.query('update files set counting_until = now() where id = $1', [fileId]);
const remove = (fileId: string) => transaction(database.pool, (tx) => removeFile(tx, account, fileId));

/** A store that holds up the writing of some names before their last step, as a process that is frozen there does. */
function heldUp(isHeld: (name: string) => boolean): { store: FileStore; reached: Promise<void>; release(): void } {
  let release = (): void => undefined;
  let reach = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  return {
    store: {
      ...store,
      async write(name, content) {
        if (!isHeld(name)) return store.write(name, content);
        const whole: Buffer[] = [];
        for await (const chunk of content) whole.push(chunk as Buffer);
        reach();
        await released;
        await store.write(name, Readable.from(whole));
      },
    },
    reached,
    release,
  };
}

async function uncounted(): Promise<string> {
  const fileId = await insertInput(database.pool, account, 1);
  await store.write(fileId, Readable.from([Buffer.from(requestLine('a'))]));
  await database.pool.query('update files set input_tokens = null, output_tokens = null where id = $1', [fileId]);
  return fileId;
}

test.each([
  ['deleted', remove],
  [
    'expired',
    (fileId: string) =>
      database.pool.query("update files set expires_at = now() - interval '2 minutes' where id = $1", [fileId]),
  ],
])('L2 a file that is %s while it is being counted leaves no index', async (_how, end) => {
  const fileId = await uncounted();
  const held = heldUp((name) => name.endsWith('.index'));
  const counting = startCountingFiles({ pool: database.pool, store: held.store, log, pollMs: 20 });
  await held.reached;
  await end(fileId);
  await until(stored, (names) => names.length === 0);
  held.release();
  await counting.stop();
  expect(stored()).toEqual([]);
  await endClaim(fileId);
  await isGone(fileId);
  expect(stored()).toEqual([]);
});

test('L2 an index whose writer was killed before it could remove it is erased when its claim ends', async () => {
  const fileId = await uncounted();
  await database.pool.query("update files set counting_until = now() + interval '1 minute' where id = $1", [fileId]);
  await remove(fileId);
  await until(stored, (names) => names.length === 0);
  await store.write(`${fileId}.index`, Readable.from([Buffer.from('written by a process that was killed then')]));
  await endClaim(fileId);
  await isGone(fileId);
  expect(stored()).toEqual([]);
});

test('L2 an upload that comes to its end after its time is over, or its account is closed, is dropped', async () => {
  const file = { id: 'file-late', accountId: account, filename: 'late.jsonl', actor: 'test' };
  await reserveFile(database.pool, file);
  await database.pool.query("update files set removed_at = now() - interval '1 second' where id = $1", [file.id]);
  await isGone(file.id);
  await store.write(file.id, Readable.from([Buffer.from('late')]));
  expect(await dropFile(database.pool, file.id)).toBe(true);
  await isGone(file.id);
  expect(stored()).toEqual([]);
  expect(await dropDataset(database.pool, 'dataset-whose-row-is-gone')).toBe(true);
});

test('L4 a worker that was frozen while it wrote an output that its owner has deleted since leaves nothing', async () => {
  const wish = await wishFor(database.pool, account, 1);
  await store.write(wish.inputFileId, Readable.from([Buffer.from(requestLine('a'))]));
  await indexFile(store, wish.inputFileId, counterOf('openai'), 1_000);
  await create(database.pool, wish);
  await transaction(database.pool, (tx) => cancelBatch(tx, wish.id));
  const advance = (through: FileStore) =>
    new MockActivityEnvironment().run(
      createBatchActivities({ pool: database.pool, store: through, log }).advanceBatch,
      { batchId: wish.id, nowMs: Date.now() },
    );
  const held = heldUp((name) => name.endsWith('err'));
  const frozen = advance(held.store);
  await held.reached;
  expect(await advance(store)).toEqual({ kind: 'ended' });
  const { errorFileId } = (await readBatch(database.pool, wish.id))!;
  await remove(errorFileId!);
  await isGone(errorFileId!);
  held.release();
  expect(await frozen).toEqual({ kind: 'ended' });
  await remove(wish.inputFileId);
  await isGone(wish.inputFileId);
  expect(stored()).toEqual([]);
});

test('L4 a worker that comes late to the files of a job with an unreadable input leaves those that are there', async () => {
  const wish = await wishFor(database.pool, account, 2);
  await create(database.pool, wish);
  // One of its requests was written down before its input was lost.
  const request = { line: 1, customId: 'a', offset: 0, length: 1, tokens: 1, held: wish.held };
  await transaction(database.pool, (tx) => insertRequests(tx, wish.id, [request]));
  await transaction(database.pool, (tx) => cancelBatch(tx, wish.id));
  let reach = (): void => undefined;
  let release = (): void => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const late: FileStore = {
    ...store,
    async write(name, content) {
      if (name.endsWith('err')) {
        reach();
        await released;
      }
      return store.write(name, content);
    },
  };
  const advance = (through: FileStore) =>
    new MockActivityEnvironment().run(
      createBatchActivities({ pool: database.pool, store: through, log }).advanceBatch,
      { batchId: wish.id, nowMs: Date.now() },
    );
  const frozen = advance(late);
  await reached;
  expect(await advance(store)).toEqual({ kind: 'ended' });
  const { errorFileId } = (await readBatch(database.pool, wish.id))!;
  await until(
    async () => (await database.pool.query('select from batch_requests where batch_id = $1', [wish.id])).rowCount,
    (left) => left === 0,
  );
  release();
  await expect(frozen).rejects.toThrow();
  const content = await (await store.read(errorFileId!)).toArray();
  expect(content.join('')).toContain('"custom_id":"a"');
  await remove(errorFileId!);
  await isGone(errorFileId!);
});

test("L5 accounts have their files counted in turn: one account's many files delay another's by one", async () => {
  const other = await openAccount(database.pool);
  const many = [await uncounted(), await uncounted(), await uncounted()];
  const theirs = await insertInput(database.pool, other, 1);
  await database.pool.query('update files set input_tokens = null, output_tokens = null where id = $1', [theirs]);
  const claimed: string[] = [];
  let last: string | null = null;
  for (let file = await claimUncountedFile(database.pool, 60, last); file;) {
    claimed.push(file.id);
    last = file.accountId;
    file = await claimUncountedFile(database.pool, 60, last);
  }
  expect(claimed.toSorted()).toEqual([...many, theirs].toSorted());
  expect(claimed.indexOf(theirs)).toBeLessThanOrEqual(1);
  expect(claimed.filter((id) => id !== theirs)).toEqual(many);
  for (const fileId of claimed) {
    await endClaim(fileId);
    await database.pool.query('update files set removed_at = now(), erased = true where id = $1', [fileId]);
  }
});

test('L3 a counter that was frozen until another had counted changes no totals, and leaves the index', async () => {
  const fileId = await uncounted();
  expect(await saveFileTokens(database.pool, fileId, { input: 10, output: 20 })).toBe(true);
  expect(await saveFileTokens(database.pool, fileId, { input: 1, output: 2 })).toBe(true);
  const { rows } = await database.pool.query('select input_tokens, output_tokens from files where id = $1', [fileId]);
  expect(rows).toEqual([{ input_tokens: 10n, output_tokens: 20n }]);
  await remove(fileId);
  await isGone(fileId);
});

test('L3 files that can not be counted hold up no other, and one whose content is lost is taken away', async () => {
  const [broken, lost, fine] = [await uncounted(), await uncounted(), await uncounted()];
  rmSync(join(folder, lost));
  const failing: FileStore = {
    ...store,
    write: (name, content) =>
      name.startsWith(broken) ? Promise.reject(new Error('too deep')) : store.write(name, content),
  };
  const counting = startCountingFiles({ pool: database.pool, store: failing, log, pollMs: 20 });
  const counted = async (fileId: string): Promise<number | null> =>
    (await database.pool.query('select from files where id = $1 and input_tokens > 0', [fileId])).rowCount;
  await until(
    () => counted(fine),
    (count) => count === 1,
  );
  await counting.stop();
  await isGone(lost);
  expect(await counted(broken)).toBe(0);
  for (const fileId of [broken, fine]) await remove(fileId);
  await endClaim(broken);
  for (const fileId of [broken, fine]) await isGone(fileId);
});

test('L3 a file whose counter was killed is claimed again after half a minute, and not while its counter lives', async () => {
  const fileId = await uncounted();
  const held = heldUp((name) => name.endsWith('.index'));
  const counting = startCountingFiles({ pool: database.pool, store: held.store, log, pollMs: 20 });
  await held.reached;
  const left = await database.pool.query<{ seconds: number }>(
    'select extract(epoch from counting_until - now())::int as seconds from files where id = $1',
    [fileId],
  );
  expect(left.rows[0]!.seconds).toBeLessThanOrEqual(30);
  await database.pool.query("update files set counting_until = now() + interval '1 second' where id = $1", [fileId]);
  await until(
    async () =>
      (
        await database.pool.query(
          "select from files where id = $1 and counting_until > now() + interval '10 seconds'",
          [fileId],
        )
      ).rowCount,
    (renewed) => renewed === 1,
    20_000,
  );
  held.release();
  await counting.stop();
}, 40_000);

test('L2 what no row names is swept a week after it was written; what is uploaded, kept or being written by a job is not', async () => {
  const dayMs = 86_400_000;
  const put = (name: string, ageMs = 8 * dayMs): string => {
    writeFileSync(join(folder, name), 'bytes');
    const at = (Date.now() - ageMs) / 1_000;
    utimesSync(join(folder, name), at, at);
    return name;
  };
  const others = stored();
  await reserveFile(database.pool, { id: 'file-aaaa', accountId: account, filename: 'a', actor: 'test' });
  const [openJob, endedJob] = [await wishFor(database.pool, account, 1), await wishFor(database.pool, account, 1)];
  await create(database.pool, openJob);
  const gone = await insertInput(database.pool, account, 1);
  await database.pool.query('update files set removed_at = now(), erased = true where id = $1', [gone]);
  const kept = [
    put('file-aaaa'),
    put(openJob.inputFileId),
    put(`${openJob.inputFileId}.index`),
    put(outputIdOf(openJob.id)),
    put('file-bbbb', 6 * dayMs),
    put('notes.txt'),
  ];
  for (const name of [
    'file-cccc',
    'file-cccc.index',
    'dataset-dddd',
    `${gone}.index`,
    outputIdOf(endedJob.id),
    errorIdOf(endedJob.id),
  ])
    put(name);
  const sweeping = startSweepingFiles({ pool: database.pool, store, log, pollMs: 20 });
  const left = [...others, ...kept];
  await until(stored, ({ length }) => length <= left.length);
  await sweeping.stop();
  expect(stored().toSorted()).toEqual(left.toSorted());
  for (const name of kept) rmSync(join(folder, name));
});

test('L2 files and datasets that can not be removed, more than are removed at once, hold up no others', async () => {
  const stuck = times(130, (nth) => `file-stuck${nth}`);
  // What is a folder can't be removed like a file.
  for (const id of stuck) mkdirSync(join(folder, id));
  for (const id of stuck) mkdirSync(join(folder, id.replace('file', 'dataset')));
  await database.pool.query(
    `insert into files (id, account_id, purpose, filename, bytes, actor, removed_at)
     select id, $1, 'batch', 'a', 0, 'test', now() - interval '1 hour' from unnest($2::text[]) id`,
    [account, stuck],
  );
  await database.pool.query(
    `insert into evaluation_datasets (id, account_id, rows, bytes, format, actor, removed_at)
     select replace(id, 'file', 'dataset'), $1, 0, 0, 'csv', 'test', now() - interval '1 hour' from unnest($2::text[]) id`,
    [account, [...stuck, 'file-free']],
  );
  await database.pool.query("update evaluation_datasets set removed_at = now() where id = 'dataset-free'");
  const fileId = await insertInput(database.pool, account, 1);
  await remove(fileId);
  await isGone(fileId);
  await until(
    async () => (await database.pool.query("select from evaluation_datasets where id = 'dataset-free'")).rowCount,
    (count) => count === 0,
  );
  expect(await erased(stuck[0]!)).toBe(false);
  for (const id of stuck) for (const name of [id, id.replace('file', 'dataset')]) rmdirSync(join(folder, name));
});
