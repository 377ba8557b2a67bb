/** L2: what is removed leaves no byte in the store, also when it is being written at that moment. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { createBatchActivities } from '../../activities/batches';
import { counterOf } from '../../batches/countTokens';
import { discardFile } from '../../batches/discardFile';
import { createFolderStore, StoreUnavailable, type FileStore } from '../../batches/fileStore';
import { indexFile, indexOf } from '../../batches/requestIndex';
import { cancelBatch } from '../../ledger/batches/cancelBatch';
import { insertRequests } from '../../ledger/batches/insertRequests';
import { readBatch } from '../../ledger/batches/readBatch';
import { openPool, transaction, type Tx } from '../../ledger/db';
import { dropDataset } from '../../ledger/datasets/dropDataset';
import { keepDataset } from '../../ledger/datasets/keepDataset';
import { reserveDataset } from '../../ledger/datasets/reserveDataset';
import { claimUncountedFile } from '../../ledger/files/claimUncountedFile';
import { saveFileTokens } from '../../ledger/files/saveFileTokens';
import { removeFile } from '../../ledger/files/removeFile';
import { dropFile } from '../../ledger/files/dropFile';
import { keepFile } from '../../ledger/files/keepFile';
import { reserveFile } from '../../ledger/files/reserveFile';
import { startCountingFiles, startErasing } from '../../workers/batchFiles';
import type { Repeating } from '../../workers/repeat';
import { startSweepingFiles } from '../../workers/fileSweep';
import { requestLine } from '../support/batchFiles';
import { create, insertBatchModel, insertInput, MODEL, wishFor } from '../support/batchJob';
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
const counters: Repeating[] = [];
function startCounting(from: FileStore): Repeating {
  const counting = startCountingFiles({ pool: database.pool, store: from, log, pollMs: 20 });
  counters.push(counting);
  return counting;
}
// A test that fails leaves its own running, and the process would never end.
afterEach(() => Promise.all(counters.splice(0).map((counting) => counting.stop())));
afterAll(async () => {
  await erasing.stop();
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** 1 when its tokens are, else 0. */
const counted = async (fileId: string): Promise<number | null> =>
  (await database.pool.query('select from files where id = $1 and input_tokens > 0', [fileId])).rowCount;
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
const reservation = (id: string) => ({
  id,
  accountId: account,
  purpose: 'batch' as const,
  filename: 'a.jsonl',
  actor: 'test',
  seconds: 60,
});
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

const advance = (batchId: string, through = store, pool = database.pool) =>
  new MockActivityEnvironment().run(createBatchActivities({ pool, store: through, log }).advanceBatch, {
    batchId,
    nowMs: Date.now(),
  });
const isOutput = (name: string): boolean => !name.endsWith('.index');

async function uncounted(line = requestLine('a'), owner = account): Promise<string> {
  const fileId = await insertInput(database.pool, owner, 1);
  await store.write(fileId, Readable.from([Buffer.from(line)]));
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
  const counting = startCounting(held.store);
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
  // Straight into its place: meanwhile the eraser may take from a writer what it has not moved there yet.
  writeFileSync(join(folder, `${fileId}.index`), 'written by a process that was killed then');
  await endClaim(fileId);
  await isGone(fileId);
  expect(stored()).toEqual([]);
});

test('L2 an upload that comes to its end after its time is over, or its account is closed, is dropped', async () => {
  const file = reservation('file-late');
  await reserveFile(database.pool, file);
  await database.pool.query("update files set removed_at = now() - interval '1 second' where id = $1", [file.id]);
  await isGone(file.id);
  await store.write(file.id, Readable.from([Buffer.from('late')]));
  expect(await dropFile(database.pool, file.id)).toBe(true);
  await isGone(file.id);
  expect(stored()).toEqual([]);
  expect(await dropDataset(database.pool, 'dataset-whose-row-is-gone')).toBe(true);
});

/** Keeps it in a transaction that is committed only once `drop` waits for it. Returns what that says. */
async function keepWhileDropped<T>(keep: (tx: Tx) => Promise<unknown>, drop: () => Promise<T>): Promise<T> {
  let dropping: Promise<T> | undefined;
  await transaction(database.pool, async (tx) => {
    await keep(tx);
    dropping = drop();
    const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    await until(
      async () => (await database.pool.query(waiting)).rowCount!,
      (count) => count > 0,
    );
  });
  return dropping!;
}

test('L2 a file that is kept while its writer, who heard of an error, waits to drop it stays', async () => {
  const file = reservation('file-kept-late');
  await reserveFile(database.pool, file);
  await store.write(file.id, Readable.from([Buffer.from('kept')]));
  const input = { model: MODEL, endpoint: '/v1/chat/completions' as const, requests: 1 };
  const kept = { ...file, bytes: 4, input, expiresAfterSeconds: null };
  await keepWhileDropped(
    (tx) => keepFile(tx, kept),
    () => discardFile(database.pool, store, file.id),
  );
  expect(stored()).toEqual([file.id]);
  expect(await dropFile(database.pool, file.id)).toBe(false);
  await eraseAll(file.id);
});

test('L2 nor is a dataset dropped that is kept at that moment', async () => {
  const id = 'dataset-kept-late';
  await reserveDataset(database.pool, { id, accountId: account, format: 'csv', actor: 'test' });
  const isDropped = await keepWhileDropped(
    (tx) => keepDataset(tx, { id, rows: 1, bytes: 4 }),
    () => dropDataset(database.pool, id),
  );
  expect(isDropped).toBe(false);
});

/** A job that was cancelled before it began: it has an error file to write. */
async function cancelled(): Promise<{ id: string; inputFileId: string }> {
  const wish = await wishFor(database.pool, account, 1);
  await store.write(wish.inputFileId, Readable.from([Buffer.from(requestLine('a'))]));
  await indexFile(store, { id: wish.inputFileId, attempt: 1 }, counterOf('openai'), 1_000);
  await create(database.pool, wish);
  await transaction(database.pool, (tx) => cancelBatch(tx, wish.id));
  return wish;
}
const errorFileOf = async (batchId: string): Promise<string> => (await readBatch(database.pool, batchId))!.errorFileId!;
/** The rows of all files that were written for a job, or were to be. */
const filesOf = async (batchId: string): Promise<string[]> =>
  (await database.pool.query<{ id: string }>('select id from files where actor = $1', [`batch ${batchId}`])).rows.map(
    ({ id }) => id,
  );
async function eraseAll(...fileIds: string[]): Promise<void> {
  for (const fileId of fileIds) {
    await remove(fileId);
    await isGone(fileId);
  }
}

test('L4 a worker that was frozen while it wrote an output that its owner has deleted since leaves nothing', async () => {
  const { id, inputFileId } = await cancelled();
  const held = heldUp(isOutput);
  const frozen = advance(id, held.store);
  await held.reached;
  expect(await advance(id)).toEqual({ kind: 'ended' });
  await eraseAll(await errorFileOf(id));
  held.release();
  expect(await frozen).toEqual({ kind: 'ended' });
  await eraseAll(inputFileId);
  expect(stored()).toEqual([]);
});

test('L4 nor does one that is killed when it has written it: what it left goes when its reservation is over', async () => {
  const { id, inputFileId } = await cancelled();
  const pool = openPool(database.url, { connectionsMax: 2, applicationName: 'killed', onIdleError: () => undefined });
  const held = heldUp(isOutput);
  const killedAfter: FileStore = {
    ...held.store,
    async write(name, content) {
      await held.store.write(name, content);
      // From here on it says nothing more to Postgres, nor removes anything.
      await pool.end();
      throw new Error('killed');
    },
  };
  const killed = advance(id, killedAfter, pool);
  await held.reached;
  expect(await advance(id)).toEqual({ kind: 'ended' });
  const errorFileId = await errorFileOf(id);
  await eraseAll(errorFileId);
  held.release();
  await expect(killed).rejects.toThrow('killed');
  await database.pool.query('update files set removed_at = now() where removed_at > now()');
  await eraseAll(inputFileId);
  await until(stored, (names) => names.length === 0);
});

test('L2, L4 a write that fails when its content lies in its place leaves nothing; the next try writes another file', async () => {
  const { id, inputFileId } = await cancelled();
  const failing: FileStore = {
    ...store,
    async write(name, content) {
      await store.write(name, content);
      throw new StoreUnavailable(name, new Error('EIO'));
    },
  };
  await expect(advance(id, failing)).rejects.toThrow('EIO');
  expect(stored().toSorted()).toEqual([inputFileId, `${inputFileId}.index`]);
  expect(await advance(id)).toEqual({ kind: 'ended' });
  const errorFileId = await errorFileOf(id);
  expect(await filesOf(id)).toEqual([errorFileId]);
  expect((await (await store.read(errorFileId)).toArray()).join('')).toContain('"custom_id":"a"');
  await eraseAll(errorFileId, inputFileId);
  expect(stored()).toEqual([]);
});

test('L4 the files of a worker whose reservation has run out meanwhile are not kept, and the next try ends the job', async () => {
  const { id, inputFileId } = await cancelled();
  const held = heldUp(isOutput);
  const slow = advance(id, held.store);
  await held.reached;
  await database.pool.query('update files set removed_at = now() where removed_at > now()');
  await until(
    () => database.pool.query("select from files where purpose = 'batch_output' and not erased"),
    ({ rowCount }) => rowCount === 0,
  );
  held.release();
  await expect(slow).rejects.toThrow('took too long');
  expect((await readBatch(database.pool, id))!.status).toBe('cancelling');
  expect(await advance(id)).toEqual({ kind: 'ended' });
  await eraseAll(await errorFileOf(id), inputFileId);
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
      reach();
      await released;
      return store.write(name, content);
    },
  };
  const frozen = advance(wish.id, late);
  await reached;
  expect(await advance(wish.id)).toEqual({ kind: 'ended' });
  const errorFileId = await errorFileOf(wish.id);
  await until(
    async () => (await database.pool.query('select from batch_requests where batch_id = $1', [wish.id])).rowCount,
    (left) => left === 0,
  );
  release();
  expect(await frozen).toEqual({ kind: 'ended' });
  const content = await (await store.read(errorFileId)).toArray();
  expect(content.join('')).toContain('"custom_id":"a"');
  await eraseAll(errorFileId);
  expect(stored()).toEqual([]);
});

test("L5 accounts have their files counted in turn: one account's many files delay another's by one", async () => {
  // The one with many comes first by its files' age and by its id.
  const [eager, other] = [await openAccount(database.pool), await openAccount(database.pool)].toSorted();
  const filesOf = async (owner: string, count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let nth = 0; nth < count; nth++) ids.push(await uncounted(undefined, owner));
    return ids;
  };
  const many = await filesOf(eager!, 3);
  const [theirs] = await filesOf(other!, 1);
  const claimed: string[] = [];
  let last: string | null = null;
  for (let file = await claimUncountedFile(database.pool, 60, last); file;) {
    claimed.push(file.id);
    last = file.accountId;
    file = await claimUncountedFile(database.pool, 60, last);
  }
  expect(claimed.toSorted()).toEqual([...many, theirs].toSorted());
  expect(claimed.indexOf(theirs!)).toBeLessThanOrEqual(1);
  expect(claimed.filter((id) => id !== theirs)).toEqual(many);
  for (const fileId of claimed) {
    await endClaim(fileId);
    await database.pool.query('update files set removed_at = now() where id = $1', [fileId]);
    await isGone(fileId);
  }
});

test('L3 a counter that was frozen until another had counted changes neither totals nor the index that jobs are read by', async () => {
  const setMax = (tokens: number) =>
    database.pool.query('update models set max_output_tokens = $2 where id = $1', [MODEL, tokens]);
  const fileId = await uncounted(requestLine('a', { max_tokens: undefined }));
  await setMax(1_000);
  const held = heldUp((name) => name.endsWith('.index'));
  const frozen = startCounting(held.store);
  await held.reached;
  await setMax(50);
  await endClaim(fileId);
  const counting = startCounting(store);
  const totals = async () =>
    (
      await database.pool.query<{ tokens: bigint; output: bigint }>(
        'select input_tokens + output_tokens as tokens, output_tokens as output from files where id = $1',
        [fileId],
      )
    ).rows[0]!;
  const { tokens } = await until(totals, ({ output }) => output !== null);
  await counting.stop();
  held.release();
  await frozen.stop();
  expect(await totals()).toEqual({ tokens, output: 50n });
  expect(stored().filter((name) => name.startsWith(fileId))).toHaveLength(2);

  const job = await wishFor(database.pool, account, 1, { inputFileId: fileId, tokens: Number(tokens) });
  await create(database.pool, job);
  await advance(job.id);
  const { rows } = await database.pool.query('select tokens from batch_requests where batch_id = $1', [job.id]);
  expect(rows).toEqual([{ tokens }]);
  await transaction(database.pool, (tx) => cancelBatch(tx, job.id));
  await advance(job.id);
  const { errorFileId } = (await readBatch(database.pool, job.id))!;
  for (const id of [fileId, errorFileId!]) {
    await remove(id);
    await isGone(id);
  }
  expect(stored()).toEqual([]);
});

test('L2 what a counter has left that died is removed by the next one that counts', async () => {
  const fileId = await uncounted();
  const first = (await claimUncountedFile(database.pool, 60))!;
  await store.write(indexOf(fileId, first.attempt), Readable.from([Buffer.from('by a process that was killed then')]));
  await endClaim(fileId);
  const counting = startCounting(store);
  await until(
    () => counted(fileId),
    (count) => count === 1,
  );
  await counting.stop();
  expect(stored().toSorted()).toEqual([fileId, indexOf(fileId, 2)]);
  expect(await saveFileTokens(database.pool, first, { input: 1, output: 2 })).toBe(false);
  await remove(fileId);
  await isGone(fileId);
  expect(stored()).toEqual([]);
});

test('L3 files that can not be counted hold up no other, and one whose content is lost is taken away', async () => {
  const [broken, lost, fine] = [await uncounted(), await uncounted(), await uncounted()];
  rmSync(join(folder, lost));
  const failing: FileStore = {
    ...store,
    write: (name, content) =>
      name.startsWith(broken) ? Promise.reject(new Error('too deep')) : store.write(name, content),
  };
  const counting = startCounting(failing);
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

test('L3 a file that could not be counted while the disk was full is counted seconds after there is space', async () => {
  const fileId = await uncounted();
  let isFull = true;
  const full: FileStore = {
    ...store,
    async write(name, content) {
      if (!isFull) return store.write(name, content);
      isFull = false;
      throw new StoreUnavailable(name, new Error('ENOSPC: no space left on device'));
    },
  };
  const counting = startCounting(full);
  await until(
    () => counted(fileId),
    (count) => count === 1,
  );
  await counting.stop();
  await remove(fileId);
  await isGone(fileId);
});

test('L3 a file whose counter was killed is claimed again after half a minute, and not while its counter lives', async () => {
  const fileId = await uncounted();
  const held = heldUp((name) => name.endsWith('.index'));
  const counting = startCounting(held.store);
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
  );
  held.release();
  await counting.stop();
});

test('L2 what no row names is swept a week after it was written; what is reserved or kept, and the index that counts, is not', async () => {
  const dayMs = 86_400_000;
  const put = (name: string, ageMs = 8 * dayMs): string => {
    writeFileSync(join(folder, name), 'bytes');
    const at = (Date.now() - ageMs) / 1_000;
    utimesSync(join(folder, name), at, at);
    return name;
  };
  const others = stored();
  await reserveFile(database.pool, reservation('file-aaaa'));
  const [kept, twice, gone] = [
    await insertInput(database.pool, account, 1),
    await insertInput(database.pool, account, 1),
    await insertInput(database.pool, account, 1),
  ];
  await database.pool.query('update files set removed_at = now(), erased = true where id = $1', [gone]);
  await database.pool.query('update files set count_attempt = 2 where id = $1', [twice]);
  const named = [
    put('file-aaaa'),
    put(kept),
    put(indexOf(kept, 0)),
    put(indexOf(twice, 2)),
    put('file-bbbb', 6 * dayMs),
    put('notes.txt'),
  ];
  for (const name of [
    'file-cccc',
    'file-cccc.index',
    'dataset-dddd',
    gone,
    indexOf(gone, 1),
    indexOf(twice, 1),
    indexOf(kept, 2),
  ])
    put(name);
  const sweeping = startSweepingFiles({ pool: database.pool, store, log, pollMs: 20 });
  const left = [...others, ...named];
  await until(stored, ({ length }) => length <= left.length);
  await sweeping.stop();
  expect(stored().toSorted()).toEqual(left.toSorted());
  for (const name of named) rmSync(join(folder, name));
});

test('O4 for a week after a restore no file is removed that the restored database does not name', async () => {
  const [newer, old] = ['file-newer', new Date(Date.now() - 8 * 86_400_000)];
  writeFileSync(join(folder, newer), 'content');
  utimesSync(join(folder, newer), old, old);
  await database.owner.query(
    `insert into restores (backup_at, restored_at) values (now() - interval '9 days', now() - interval '6 days')`,
  );
  let looks = 0;
  const watched: FileStore = { ...store, listOld: (ageMs) => ((looks += 1), store.listOld(ageMs)) };
  const sweeping = startSweepingFiles({ pool: database.pool, store: watched, log, pollMs: 20 });
  try {
    await sleep(500);
    expect([looks, existsSync(join(folder, newer))]).toEqual([0, true]);
    await database.owner.query(`update restores set restored_at = now() - interval '8 days'`);
    await until(
      () => existsSync(join(folder, newer)),
      (isThere) => !isThere,
    );
  } finally {
    await sweeping.stop();
    await database.owner.query('delete from restores');
  }
});

test('L2 the row of a file whose writer has died goes when nobody can write it any more, and no other row', async () => {
  const kept = await insertInput(database.pool, account, 1);
  await remove(kept);
  for (const id of ['file-abandoned', 'file-recent', 'file-written']) await reserveFile(database.pool, reservation(id));
  await database.pool.query(
    `update files set removed_at = now() - interval '1 hour' where id in ('file-abandoned', 'file-recent')`,
  );
  for (const id of [kept, 'file-abandoned', 'file-recent']) await isGone(id);
  await database.pool.query(
    `update files set created_at = now() - interval '50 hours' where id in ($1, 'file-abandoned', 'file-written')`,
    [kept],
  );
  const rows = async (): Promise<string[]> =>
    (
      await database.pool.query<{ id: string }>(`select id from files where id = any($1) order by id`, [
        [kept, 'file-abandoned', 'file-recent', 'file-written'],
      ])
    ).rows.map(({ id }) => id);
  const sweeping = startSweepingFiles({ pool: database.pool, store, log, pollMs: 20 });
  await until(rows, ({ length }) => length < 4);
  await sweeping.stop();
  expect((await rows()).toSorted()).toEqual([kept, 'file-recent', 'file-written'].toSorted());
  await database.pool.query("update files set removed_at = now() where id = 'file-written'");
  // A writer that comes late although its row is gone is told that it is to remove what it has written.
  expect(await dropFile(database.pool, 'file-abandoned')).toBe(true);
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
