/** L2: what is removed leaves no byte in the store, also when it is being written at that moment. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { createBatchActivities } from '../../activities/batches';
import { counterOf } from '../../batches/countTokens';
import { createFolderStore, type FileStore } from '../../batches/fileStore';
import { indexFile } from '../../batches/requestIndex';
import { cancelBatch } from '../../ledger/batches/cancelBatch';
import { readBatch } from '../../ledger/batches/readBatch';
import { transaction } from '../../ledger/db';
import { dropDataset } from '../../ledger/datasets/reserveDataset';
import { removeFile } from '../../ledger/files/removeFile';
import { dropFile, reserveFile } from '../../ledger/files/reserveFile';
import { startCountingFiles, startErasing } from '../../workers/batchFiles';
import { requestLine } from '../support/batchFiles';
import { create, insertBatchModel, insertInput, wishFor } from '../support/batchJob';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount } from '../support/ledgerAccount';
import { until } from '../support/notices';

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
