/** L5: whoever asks batches for something and waits costs little, and whoever has gone gets nothing that others could have. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { createBatchActivities } from '../../activities/batches';
import { readInput } from '../../api/endpoints/batchInput';
import { counterOf } from '../../batches/countTokens';
import { createFolderStore } from '../../batches/fileStore';
import { FULL_SPEED } from '../../batches/pace';
import { indexFile } from '../../batches/requestIndex';
import { estimateFile } from '../../domain/batchPrice';
import { createClock } from '../../ledger/clock';
import { readStoreOwner } from '../../ledger/files/readStoreOwner';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { requestLine } from '../support/batchFiles';
import { create, insertBatchModel, insertInput, wishFor } from '../support/batchJob';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/notices';

const folder = mkdtempSync(join(tmpdir(), 'ballast-left-'));
const store = createFolderStore(folder, () => readStoreOwner(database.pool));
let database: TestDatabase;
/** Claims that wait for their turn. */
const waiting: (() => void)[] = [];
let isSlow = false;
const next = (): Promise<void> => (isSlow ? new Promise((go) => waiting.push(go)) : Promise.resolve());
let batches: TestApi;
let front: TestApi;
let own: TestAccount;
beforeAll(async () => {
  database = await createTestDatabase();
  batches = await startTestApi({ database, filesDir: folder, pace: { ...FULL_SPEED, next } });
  front = await startTestApi({ database, batchesUrl: batches.url });
  await insertBatchModel(database.pool);
  own = await openAccount(front, '500.00');
});
afterAll(async () => {
  await front.close();
  await batches.close();
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** A job of three requests that can be claimed. */
async function begun(): Promise<string> {
  const wish = await wishFor(database.pool, own.id, 3);
  const lines = ['a', 'b', 'c'].map((customId) => requestLine(customId));
  await store.write(wish.inputFileId, Readable.from([Buffer.from(lines.join('\n'))]));
  const totals = await indexFile(store, { id: wish.inputFileId, attempt: 1 }, counterOf('openai'), 1_000);
  const held = estimateFile(wish.prices, totals, totals.requests);
  const tokens = totals.inputTokens + totals.outputTokens;
  expect((await create(database.pool, { ...wish, tokens, held })).kind).toBe('created');
  const { advanceBatch } = createBatchActivities({ pool: database.pool, store, log: pino({ level: 'silent' }) });
  await new MockActivityEnvironment(
    { scheduledTimestampMs: 1, currentAttemptScheduledTimestampMs: 1 },
    { logger: new DefaultLogger('ERROR') },
  ).run(advanceBatch, { batchId: wish.id, nowMs: Date.now() });
  return wish.id;
}

test.each(['straight', 'through another process'])(
  'L5 a claim whose caller has gone while it waited leases nothing (%s)',
  async (how) => {
    const id = await begun();
    const body = { limit: 10, leaseSeconds: 3_600 };
    isSlow = true;
    const sent = request(`${how === 'straight' ? batches.url : front.url}/v1/batches/${id}/claims`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${front.service}`, 'Content-Type': 'application/json' },
    }).on('error', () => undefined);
    sent.end(JSON.stringify(body));
    await until(
      () => waiting.length,
      (count) => count === 1,
    );
    isSlow = false;
    sent.destroy();
    // Until that is heard there.
    await sleep(1_000);
    waiting.splice(0).forEach((go) => go());
    // Requests would be leased meanwhile.
    await sleep(500);
    const claimed = await front.ask('POST', `/v1/batches/${id}/claims`, { key: front.service, body });
    expect(claimed.body.data).toHaveLength(3);
  },
);

test('L5 whoever waits for a file to be counted asks the database less and less often', async () => {
  const id = await insertInput(database.pool, own.id, 3);
  await database.pool.query('update files set input_tokens = null, output_tokens = null where id = $1', [id]);
  const startedMs = performance.now();
  const query = jest.spyOn(database.pool, 'query');
  try {
    const read = readInput(own.id, id, { pool: database.pool, clock: createClock() }).catch((error: unknown) => error);
    await sleep(6_000);
    // Every tenth of a second would be 60 times, and once a second is often enough later.
    const asked = (query.mock.calls as unknown[][]).filter(([, values]) =>
      (values as unknown[] | undefined)?.includes(id),
    ).length;
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(25);
    await database.pool.query('update files set input_tokens = 1, output_tokens = 1 where id = $1', [id]);
    expect(await read).toMatchObject({ code: 'no_price' });
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  } finally {
    query.mockRestore();
  }
}, 30_000);
