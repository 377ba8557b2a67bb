/** L4: a job that is cancelled before its requests are written down still answers each of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { createBatchActivities, type AdvancedBatch } from '../../activities/batches';
import { counterOf } from '../../batches/countTokens';
import { createFolderStore } from '../../batches/fileStore';
import { writeOutputs } from '../../batches/outputs';
import { indexFile } from '../../batches/requestIndex';
import { cancelBatch } from '../../ledger/batches/cancelBatch';
import { eraseRequests } from '../../ledger/batches/eraseRequests';
import { insertRequests } from '../../ledger/batches/insertRequests';
import { readBatch } from '../../ledger/batches/readBatch';
import { transaction } from '../../ledger/db';
import { parseMoney } from '../../domain/money';
import { findViolations } from '../../ledger/transactions/findViolations';
import { requestLine } from '../support/batchFiles';
import { create, insertBatchModel, wishFor } from '../support/batchJob';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount } from '../support/ledgerAccount';

const folder = mkdtempSync(join(tmpdir(), 'ballast-cancelled-'));
const store = createFolderStore(folder);
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await insertBatchModel(database.pool);
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** A job of three requests that was cancelled while it was validating. */
async function cancelledEarly(): Promise<{ batchId: string; inputFileId: string }> {
  const account = await openAccount(database.pool);
  await credit(database.pool, account, '50.00');
  const wish = await wishFor(database.pool, account, 3);
  const lines = ['a', 'b', 'c'].map((customId) => requestLine(customId));
  await store.write(wish.inputFileId, Readable.from([Buffer.from(lines.join('\n'))]));
  await indexFile(store, { id: wish.inputFileId, attempt: 1 }, counterOf('openai'), 1_000);
  expect((await create(database.pool, wish)).kind).toBe('created');
  await transaction(database.pool, (tx) => cancelBatch(tx, wish.id));
  return { batchId: wish.id, inputFileId: wish.inputFileId };
}
const advance = (batchId: string): Promise<AdvancedBatch> => {
  const { advanceBatch } = createBatchActivities({ pool: database.pool, store, log: pino({ level: 'silent' }) });
  return new MockActivityEnvironment().run(advanceBatch, { batchId, nowMs: Date.now() });
};
const ended = async (batchId: string) => (await readBatch(database.pool, batchId))!;

test('L4 cancelled while validating: the error file has one line for each request, and all is given back', async () => {
  const { batchId } = await cancelledEarly();
  expect(await advance(batchId)).toEqual({ kind: 'ended' });
  const batch = await ended(batchId);
  expect(batch).toMatchObject({ status: 'cancelled', outputFileId: null, reservedTokens: 0, held: 0n, charged: 0n });
  const chunks = (await (await store.read(batch.errorFileId!)).toArray()) as Buffer[];
  const lines = Buffer.concat(chunks).toString().trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject(
    ['a', 'b', 'c'].map((customId) => ({ custom_id: customId, error: { code: 'batch_cancelled' } })),
  );
  expect(await findViolations(database.pool)).toEqual([]);
});

test('L4 cancelled while validating, its input gone from the store: it ends and gives all back', async () => {
  const { batchId, inputFileId } = await cancelledEarly();
  await store.remove(inputFileId);
  await store.remove(`${inputFileId}.index`);
  expect(await advance(batchId)).toEqual({ kind: 'ended' });
  expect(await ended(batchId)).toMatchObject({ status: 'cancelled', errorFileId: null, reservedTokens: 0, held: 0n });
  expect(await findViolations(database.pool)).toEqual([]);
});

describe('a worker that was held up goes on after another one has ended the job and its requests are erased', () => {
  let batchId: string;
  beforeAll(async () => {
    ({ batchId } = await cancelledEarly());
    expect(await advance(batchId)).toEqual({ kind: 'ended' });
    while (await eraseRequests(database.pool));
  });

  test('L4 it writes no file over the one that is there', async () => {
    const errorFileId = (await ended(batchId)).errorFileId!;
    const bytes = await store.size(errorFileId);
    const late = { batchId, requests: 3, unfinished: 'batch_cancelled' as const };
    const files = [{ kind: 'error' as const, id: 'file-late' }];
    await expect(writeOutputs(database.pool, store, late, files)).rejects.toThrow('0 of the 3 requests');
    expect(await store.size(errorFileId)).toBe(bytes);
    expect(await store.size('file-late')).toBeNull();
  });

  test('it writes no request down again, which nothing would remove', async () => {
    const request = { line: 1, customId: 'a', offset: 0, length: 10, tokens: 1, held: parseMoney('1') };
    await transaction(database.pool, (tx) => insertRequests(tx, batchId, [request]));
    const { rows } = await database.pool.query('select from batch_requests where batch_id = $1', [batchId]);
    expect(rows).toEqual([]);
  });
});
