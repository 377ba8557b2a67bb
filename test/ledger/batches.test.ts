/** L3, L4: a job's tokens and money are reserved together, given back per result, and whole at any end. */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { QueryConfig } from 'pg';
import { formatMoney } from '../../domain/money';
import { lockAccount } from '../../ledger/accounts/lockAccount';
import { cancelBatch } from '../../ledger/batches/cancelBatch';
import { claimRequests } from '../../ledger/batches/claimRequests';
import { closeBatch } from '../../ledger/batches/closeBatch';
import { createBatch } from '../../ledger/batches/createBatch';
import { endBatch, type BatchEnd } from '../../ledger/batches/endBatch';
import { LIST_CLAIMABLE, listClaimable } from '../../ledger/batches/listClaimable';
import { listOutcomes } from '../../ledger/batches/listOutcomes';
import { eraseRequests } from '../../ledger/batches/eraseRequests';
import { findCreated } from '../../ledger/batches/findCreated';
import { readBatch } from '../../ledger/batches/readBatch';
import { recordResults, type NewResult, type RecordedResults } from '../../ledger/batches/recordResults';
import { sumReservedTokens } from '../../ledger/batches/sumReservedTokens';
import { transaction, type Db } from '../../ledger/db';
import { listFiles } from '../../ledger/files/listFiles';
import { removeFile } from '../../ledger/files/removeFile';
import { readStored } from '../../ledger/limits/readStored';
import { findViolations } from '../../ledger/transactions/findViolations';
import { postUsage } from '../../ledger/usage/postUsage';
import {
  completed,
  create,
  failed,
  insertBatchModel,
  MODEL,
  runningBatch,
  TOKENS_PER_REQUEST,
  wishFor,
} from '../support/batchJob';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount, priced } from '../support/ledgerAccount';
import { times } from '../support/times';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await insertBatchModel(database.pool);
});
afterAll(async () => {
  const violations = await findViolations(database.pool);
  await database.drop();
  expect(violations).toEqual([]);
});

async function funded(dollars: string): Promise<string> {
  const account = await openAccount(database.pool);
  await credit(database.pool, account, dollars);
  return account;
}
async function moneyOf(account: string): Promise<{ balance: string; held: string }> {
  const { rows } = await database.pool.query<{ balance_nano: bigint; held_nano: bigint }>(
    'select balance_nano, held_nano from balances where account_id = $1',
    [account],
  );
  return { balance: formatMoney(rows[0]!.balance_nano as never), held: formatMoney(rows[0]!.held_nano as never) };
}
const claim = (batchId: string, limit: number, leaseSeconds = 60) =>
  transaction(database.pool, (tx) => claimRequests(tx, { batchId, limit, leaseSeconds }));
const claimable = async (model: string | null = null): Promise<string[]> =>
  (await listClaimable(database.pool, { limit: 100, after: null }, model)).data.map(({ id }) => id);
const report = (batchId: string, ...results: NewResult[]): Promise<RecordedResults> =>
  transaction(database.pool, (tx) => recordResults(tx, { batchId, results, nowMs: Date.now() }));
async function end(batchId: string, how: BatchEnd): Promise<void> {
  await transaction(database.pool, (tx) => closeBatch(tx, batchId));
  await transaction(database.pool, (tx) => endBatch(tx, { batchId, end: how }, {}));
}
const idsOf = ({ requests }: { requests: { customId: string }[] }): string[] =>
  requests.map(({ customId }) => customId);

test('L3 two hundred creations at once over a quota for ten: exactly ten', async () => {
  const account = await funded('10000.00');
  const wishes = await Promise.all(
    times(200, () => wishFor(database.pool, account, 10, { tokensMax: 10 * 10 * TOKENS_PER_REQUEST })),
  );
  const kinds = (await Promise.all(wishes.map((wish) => create(database.pool, wish)))).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'created')).toHaveLength(10);
  expect(kinds.filter((kind) => kind === 'token_limit_exceeded')).toHaveLength(190);
  expect(await moneyOf(account)).toEqual({ balance: '10000.00', held: '100.00' });
});

test('L3 a refusal says which limit, how much is in use and how much was asked, and takes nothing', async () => {
  const account = await funded('100.00');
  await runningBatch(database.pool, account, 3);
  const refused = await create(database.pool, await wishFor(database.pool, account, 8, { tokensMax: 10_000 }));
  expect(refused).toEqual({ kind: 'token_limit_exceeded', limit: 10_000, inUse: 3_000, requested: 8_000 });
  expect(await moneyOf(account)).toEqual({ balance: '100.00', held: '3.00' });
});

test('L3 creating a job never closes the gate: something must stay available', async () => {
  const account = await funded('10.00');
  expect((await create(database.pool, await wishFor(database.pool, account, 10))).kind).toBe('insufficient_funds');
  expect((await create(database.pool, await wishFor(database.pool, account, 9))).kind).toBe('created');
});

test('L2 the same Idempotency-Key is one job, also at once; other content is refused', async () => {
  const account = await funded('100.00');
  const wish = await wishFor(database.pool, account, 2, { idempotencyKey: 'mine', requestHash: 'same' });
  const answers = await Promise.all(times(10, (i) => create(database.pool, { ...wish, id: `batch_key${i}` })));
  const ids = answers.map((answer) =>
    answer.kind === 'created' || answer.kind === 'repeated' ? answer.batch.id : answer.kind,
  );
  expect(new Set(ids).size).toBe(1);
  expect((await create(database.pool, { ...wish, id: 'batch_other', requestHash: 'other' })).kind).toBe('key_reused');
  expect(await moneyOf(account)).toMatchObject({ held: '2.00' });
});

test("L2 a client's retries without a key are one job, whichever try is the quicker; asked anew it is another", async () => {
  const account = await funded('100.00');
  const wish = await wishFor(database.pool, account, 1, { requestHash: 'tried again' });
  const second = await create(database.pool, { ...wish, id: 'batch_try2', retries: 1 });
  const first = await create(database.pool, { ...wish, id: 'batch_try1', retries: 0, arrivedMs: Date.now() - 60_000 });
  const third = await create(database.pool, { ...wish, id: 'batch_try3', retries: 2 });
  const anew = await create(database.pool, { ...wish, id: 'batch_anew', retries: 0, arrivedMs: Date.now() + 1_000 });
  expect([second, first, third, anew].map(({ kind }) => kind)).toEqual(['created', 'repeated', 'repeated', 'created']);
  expect(await moneyOf(account)).toMatchObject({ held: '2.00' });
});

test('L2 a first try that waits for its account while its retry makes the job makes no second one', async () => {
  const account = await funded('100.00');
  const wish = await wishFor(database.pool, account, 1, { requestHash: 'overtaken' });
  const { first, retry } = await transaction(database.pool, async (tx) => {
    const done = await createBatch(tx, { ...wish, id: 'batch_overtaking', retries: 1 });
    const waiting = create(database.pool, { ...wish, id: 'batch_overtaken' });
    await sleep(200);
    return { first: waiting, retry: done };
  });
  expect([retry.kind, await first]).toMatchObject(['created', { kind: 'repeated', batch: { id: 'batch_overtaking' } }]);
  expect(await moneyOf(account)).toMatchObject({ held: '1.00' });
});

test('L2 nor does one whose look for that job is slow on its way to Postgres', async () => {
  const wish = await wishFor(database.pool, await funded('100.00'), 1, { requestHash: 'held up on its way' });
  await create(database.pool, { ...wish, retries: 1 });
  const slow: Db = {
    query: async (...query: Parameters<Db['query']>) => {
      await sleep(500);
      return database.pool.query(...query);
    },
  };
  expect(await findCreated(slow, wish)).toMatchObject({ kind: 'repeated', batch: { id: wish.id } });
});

test('L4 each request is handed out to one executor at a time, and again when its lease has ended', async () => {
  const batch = await runningBatch(database.pool, await funded('100.00'), 10);
  const claims = await Promise.all(times(5, () => claim(batch, 3)));
  const ids = claims.flatMap(idsOf);
  expect(ids).toHaveLength(10);
  expect(new Set(ids).size).toBe(10);
  await database.pool.query(
    `update batch_requests set leased_until = now() - interval '1 second' where batch_id = $1 and line = 4`,
    [batch],
  );
  expect(idsOf(await claim(batch, 10))).toEqual(['r4']);
});

test('L4 the first result of a request stands, whoever reports it and however often', async () => {
  const account = await funded('100.00');
  const batch = await runningBatch(database.pool, account, 3);
  const answers = await Promise.all(times(8, (i) => report(batch, completed('r1', `0.${i + 1}0`), failed('r2'))));
  const told = answers.map((answer) => (answer.kind === 'recorded' ? answer.duplicates : -1));
  expect(told.sort()).toEqual([0, 2, 2, 2, 2, 2, 2, 2]);
  expect(await readBatch(database.pool, batch)).toMatchObject({
    completed: 1,
    failed: 1,
    reservedTokens: TOKENS_PER_REQUEST,
  });
  const { charged } = (await readBatch(database.pool, batch))!;
  expect(await moneyOf(account)).toEqual({ balance: formatMoney((100_000_000_000n - charged) as never), held: '1.00' });
});

test('L3 a result gives back what its request held and costs what it used; a failed one costs nothing', async () => {
  const account = await funded('100.00');
  const batch = await runningBatch(database.pool, account, 3);
  await report(batch, completed('r1', '0.25'), failed('r2'), completed('unknown', '1.00'));
  expect(await moneyOf(account)).toEqual({ balance: '99.75', held: '1.00' });
});

test('L4 results are taken although their account is locked for longer than usage waits for it', async () => {
  const account = await funded('100.00');
  const batch = await runningBatch(database.pool, account, 1);
  const { taken } = await transaction(database.pool, async (tx) => {
    await lockAccount(tx, account);
    const waiting = report(batch, completed('r1', '0.25'));
    waiting.catch(() => undefined);
    await sleep(2_000);
    return { taken: waiting };
  });
  expect(await taken).toMatchObject({ kind: 'recorded', duplicates: 0 });
  expect(await moneyOf(account)).toEqual({ balance: '99.75', held: '0.00' });
});

/** How often owners were told that access has gone and that the balance is low, and which gate they had. */
async function toldOf(account: string): Promise<unknown> {
  const { rows } = await database.pool.query(
    'select suspensions, lows, news, gate_state, gate_version from balances where account_id = $1',
    [account],
  );
  return rows[0];
}
const spend = (account: string, id: string, dollars: string) =>
  postUsage(database.pool, [priced(account, id, dollars)]);

test('N1 results that give back more than they cost tell owners of a suspended account of no second suspension', async () => {
  const account = await funded('10.00');
  const batch = await runningBatch(database.pool, account, 6);
  await spend(account, 'more than is there', '5.00');
  const before = await toldOf(account);
  expect(before).toMatchObject({ gate_state: 'suspended', suspensions: 1n, lows: 1n });
  for (const [one, other] of [
    ['r1', 'r2'],
    ['r3', 'r4'],
  ] as const)
    await report(batch, completed(one, '0.95'), completed(other, '0.95'));
  expect(await moneyOf(account)).toEqual({ balance: '1.20', held: '2.00' });
  expect(await toldOf(account)).toEqual(before);
});

test('N1 results that give back more than they cost tell owners of a low account of no second low balance', async () => {
  const account = await funded('12.00');
  const batch = await runningBatch(database.pool, account, 6);
  await spend(account, 'until it is low', '1.50');
  const before = await toldOf(account);
  expect(before).toMatchObject({ gate_state: 'low', suspensions: 0n, lows: 1n });
  for (const [one, other] of [
    ['r1', 'r2'],
    ['r3', 'r4'],
  ] as const)
    await report(batch, completed(one, '0.95'), completed(other, '0.95'));
  expect(await moneyOf(account)).toEqual({ balance: '6.70', held: '2.00' });
  expect(await toldOf(account)).toEqual(before);
});

test('L3 what results give back is given back once, also where foreign events have the ids of all or some of them', async () => {
  const account = await funded('10.00');
  const batch = await runningBatch(database.pool, account, 4);
  for (const line of [1, 2, 3]) await spend(account, `${batch}/${line}`, '0.01');
  await report(batch, completed('r1', '0.50'), completed('r2', '0.50'));
  expect(await moneyOf(account)).toEqual({ balance: '8.97', held: '2.00' });
  await report(batch, completed('r3', '0.50'), completed('r4', '0.50'));
  expect(await moneyOf(account)).toEqual({ balance: '7.97', held: '0.00' });
});

test('L3 a result above its estimate is billed as it is; while the rest cannot cover a request, none is handed out', async () => {
  const account = await funded('5.50');
  const batch = await runningBatch(database.pool, account, 5);
  await report(batch, completed('r1', '3.20'));
  // 1.80 of the job's 5.00 is left: it covers one request more.
  expect(await moneyOf(account)).toEqual({ balance: '2.30', held: '1.80' });
  expect(idsOf(await claim(batch, 5))).toEqual(['r2']);
  expect(idsOf(await claim(batch, 5))).toEqual(['r3']);
  expect(await moneyOf(account)).toEqual({ balance: '2.30', held: '2.00' });
  expect(idsOf(await claim(batch, 5))).toEqual([]);
  await credit(database.pool, account, '10.00');
  expect(idsOf(await claim(batch, 5))).toEqual(['r4', 'r5']);
});

test('L3 what results above their estimates have used up is held anew for as many requests as half of what is available covers, or for one', async () => {
  const account = await funded('54.00');
  const batch = await runningBatch(database.pool, account, 50);
  await report(batch, completed('r1', '45.50'));
  // 4.50 of the job's 50.00 is left, and 4.00 beside it, of which something must stay available.
  expect(idsOf(await claim(batch, 50))).toEqual(['r2', 'r3', 'r4', 'r5']);
  expect(idsOf(await claim(batch, 50))).toEqual(['r6', 'r7']);
  expect(idsOf(await claim(batch, 50))).toEqual(['r8']);
  expect(idsOf(await claim(batch, 50))).toEqual(['r9']);
  expect(await moneyOf(account)).toEqual({ balance: '8.50', held: '8.00' });
  expect(idsOf(await claim(batch, 50))).toEqual([]);
  await credit(database.pool, account, '100.00');
  expect(idsOf(await claim(batch, 50))).toHaveLength(41);
  expect(await moneyOf(account)).toEqual({ balance: '108.50', held: '49.00' });
});

test('L3 two overrun jobs that ask at once are never promised the same money, and something stays available', async () => {
  const account = await funded('30.00');
  const jobs = [await runningBatch(database.pool, account, 10), await runningBatch(database.pool, account, 10)];
  for (const job of jobs) await report(job, completed('r1', '10.00'));
  // Neither holds anything any more; 10.00 is there for 18 requests of 1.00.
  expect(await moneyOf(account)).toEqual({ balance: '10.00', held: '0.00' });
  const claimed = await Promise.all(times(8, (nth) => claim(jobs[nth % 2]!, 5)));
  expect(claimed.flatMap(idsOf)).toHaveLength(9);
  expect(await moneyOf(account)).toEqual({ balance: '10.00', held: '9.00' });
  for (const job of jobs) await end(job, 'expired');
  expect(await moneyOf(account)).toEqual({ balance: '10.00', held: '0.00' });
});

test('L4 a job without money for its next request does not stand before others that executors could work on', async () => {
  const [poor, rich] = [await funded('5.50'), await funded('5.50')];
  const stuck = await runningBatch(database.pool, poor, 5);
  await report(stuck, completed('r1', '5.40'));
  const open = await runningBatch(database.pool, rich, 1);
  const listed = async () => (await claimable()).filter((id) => id === stuck || id === open);
  expect(await listed()).toEqual([stuck, open]);
  expect(idsOf(await claim(stuck, 5))).toEqual([]);
  expect(await listed()).toEqual([open]);
  expect(idsOf(await claim(open, 5))).toEqual(['r1']);
  await database.pool.query('update batches set unfunded_until = now() where id = $1', [stuck]);
  expect(await listed()).toEqual([stuck]);
  for (const batch of [stuck, open]) await end(batch, 'expired');
});

test('L5 jobs are listed by pages and by model, so that those that nobody executes hide no others', async () => {
  const account = await funded('100.00');
  const other = 'gpt-other';
  await insertBatchModel(database.pool, other);
  const running = async (model = MODEL) => runningBatch(database.pool, account, 1, { model });
  // Of jobs of other tests, all are before the first.
  const [first, ...down] = [await running(), await running(), await running(), await running()];
  const up = await running(other);
  const page = (after: string | null, model: string | null = null) =>
    listClaimable(database.pool, { limit: 2, after }, model);
  const ids = async (of: ReturnType<typeof page>) => (await of).data.map(({ id }) => id);
  expect(await page(first)).toMatchObject({ data: [{ id: down[0] }, { id: down[1] }], next: down[1] });
  expect(await page(down[1])).toMatchObject({ data: [{ id: down[2] }, { id: up, model: other }], next: null });
  expect(await ids(page(null, other))).toEqual([up]);
  // A page goes on after a job that has nothing more to hand out; after one that is not there it is the first.
  await claim(down[1], 1);
  expect(await ids(page(down[1]))).toEqual([down[2], up]);
  expect(await ids(page(first))).toEqual([down[0], down[2]]);
  expect(await ids(page('batch_nothing', other))).toEqual([up]);
  for (const id of [first, ...down, up]) await end(id, 'expired');
});

test('L4 requests that are with executors are not walked through at each look for work', async () => {
  const batch = await runningBatch(database.pool, await funded('3000.00'), 2_000, { tokensMax: 1e9 });
  await database.pool.query(`update batch_requests set leased_until = now() + interval '1 hour' where batch_id = $1`, [
    batch,
  ]);
  await database.pool.query('analyze batch_requests');
  const look = (db: Db) => db.query(LIST_CLAIMABLE, [100, [], null, null]);
  await blocksOf(look); // marks the entries of rows as they were before
  expect(await blocksOf(look)).toBeLessThan(300);
  expect(idsOf(await claim(batch, 5))).toEqual([]);
  await end(batch, 'expired');
});

/** How many blocks Postgres looks at for the first statement of a read. */
async function blocksOf(read: (db: Db) => Promise<unknown>): Promise<number> {
  const plans: { Plan: Record<string, number> }[] = [];
  const explaining = (text: string | QueryConfig, values?: unknown[]) =>
    database.pool
      .query<{ 'QUERY PLAN': typeof plans }>(
        `explain (analyze, buffers, format json) ${typeof text === 'string' ? text : text.text}`,
        values,
      )
      .then(({ rows }) => {
        plans.push(rows[0]!['QUERY PLAN'][0]!);
        return { rows: [{}] };
      });
  await read({ query: explaining as never });
  const { Plan: plan } = plans[0]!;
  return plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
}

test('L2, L3 what an account has uploaded and reserved is summed and listed without a walk through what its batches have written', async () => {
  const account = await funded('100.00');
  await runningBatch(database.pool, account, 3);
  await database.pool.query(
    `insert into files (id, account_id, purpose, filename, bytes, actor)
     select 'file-output' || n, $1, 'batch_output', 'output.jsonl', 1000, 'test' from generate_series(1, 20000) n`,
    [account],
  );
  await database.pool.query(
    `insert into batches (id, account_id, model_id, endpoint, input_file_id, request_hash, actor, status, input_per_million_nano,
       cached_input_per_million_nano, output_per_million_nano, requests, reserved_tokens, held_nano, expires_at)
     select 'batch_ended' || n, account_id, model_id, endpoint, input_file_id, request_hash, actor, 'completed', 1, 1, 1, 1, 0, 0, now()
     from batches, generate_series(1, 20000) n where account_id = $1`,
    [account],
  );
  await database.owner.query('vacuum analyze files, batches');
  expect(await readStored(database.pool, account, 'files')).toEqual({ count: 1, bytes: 1 });
  expect(await blocksOf((db) => readStored(db, account, 'files'))).toBeLessThan(20);
  const uploads = (db: Db) => listFiles(db, account, { limit: 20, after: null }, { order: 'desc', purpose: 'batch' });
  expect((await uploads(database.pool)).data).toHaveLength(1);
  expect(await blocksOf(uploads)).toBeLessThan(20);
  expect(await sumReservedTokens(database.pool, account, MODEL)).toBe(3 * TOKENS_PER_REQUEST);
  expect(await blocksOf((db) => sumReservedTokens(db, account, MODEL))).toBeLessThan(20);
});

test('L3 requests that reserve more tokens than their job, by another count, keep no result from being taken', async () => {
  const account = await funded('100.00');
  const batch = await runningBatch(database.pool, account, 2, { tokens: TOKENS_PER_REQUEST / 2 });
  for (const id of ['r1', 'r2']) expect(await report(batch, completed(id, '0.50'))).toMatchObject({ kind: 'recorded' });
  expect(await readBatch(database.pool, batch)).toMatchObject({ completed: 2, reservedTokens: 0 });
  await end(batch, 'completed');
});

test.each<[BatchEnd, boolean]>([
  ['completed', false],
  ['expired', false],
  ['cancelled', true],
])('L3 a job that is %s reserves nothing any more, whatever it had open', async (how, cancels) => {
  const account = await funded('100.00');
  const batch = await runningBatch(database.pool, account, 5);
  await report(batch, completed('r1', '0.10'));
  await claim(batch, 2);
  if (cancels) await transaction(database.pool, (tx) => cancelBatch(tx, batch));
  await end(batch, how);
  expect(await readBatch(database.pool, batch)).toMatchObject({ status: how, reservedTokens: 0, held: 0n });
  expect(await moneyOf(account)).toEqual({ balance: '99.90', held: '0.00' });
  expect(await report(batch, completed('r2', '1.00'))).toMatchObject({
    kind: 'job_ended',
    duplicates: 0,
    late: [{ customId: 'r2' }],
  });
  await end(batch, 'completed');
  expect(await readBatch(database.pool, batch)).toMatchObject({ status: how });
  while (await eraseRequests(database.pool));
});

test('L4 answers are read in pages of bytes, too, so that a job of large ones does not fill the memory of its worker', async () => {
  const account = await funded('100.00');
  const batchId = await runningBatch(database.pool, account, 6);
  const sizes = [5_000_000, 2_000_000, 9_000_000, 10, 10];
  for (const [nth, size] of sizes.entries())
    await report(batchId, { ...completed(`r${nth + 1}`, '0.50'), response: JSON.stringify('x'.repeat(size)) });
  const pages: number[][] = [];
  for (let afterLine = 0; ;) {
    const page = await listOutcomes(database.pool, batchId, afterLine);
    if (page.length === 0) break;
    pages.push(page.map(({ line }) => line));
    afterLine = page.at(-1)!.line;
  }
  expect(pages).toEqual([[1, 2], [3], [4, 5, 6]]);
  await end(batchId, 'expired');
});

test('L4 no result is taken once the files are being written', async () => {
  const account = await funded('100.00');
  const batch = await runningBatch(database.pool, account, 2);
  await transaction(database.pool, (tx) => cancelBatch(tx, batch));
  expect((await report(batch, completed('r1', '0.10'))).kind).toBe('recorded');
  await transaction(database.pool, (tx) => closeBatch(tx, batch));
  expect((await report(batch, completed('r2', '0.10'))).kind).toBe('job_ended');
  expect(idsOf(await claim(batch, 5))).toEqual([]);
  await end(batch, 'cancelled');
});

test("issue 11.6 a result repeated after its job's end is a repeat, also when its requests' rows are gone", async () => {
  const batch = await runningBatch(database.pool, await funded('100.00'), 3);
  const results = [completed('r1', '0.10'), failed('r2')];
  await report(batch, ...results);
  await end(batch, 'expired');
  const asTold = { kind: 'job_ended', duplicates: 2, late: [{ customId: 'r3' }] };
  expect(await report(batch, ...results, completed('r3', '0.10'))).toMatchObject(asTold);
  while (await eraseRequests(database.pool));
  expect((await database.pool.query('select from batch_requests where batch_id = $1', [batch])).rowCount).toBe(0);
  expect(await report(batch, ...results, completed('r3', '0.10'))).toMatchObject(asTold);
});

test.each([['in progress'], ['being cancelled']])(
  'issue 11.5 from the end of its window on nothing of a job %s is handed out or taken, while its workflow is away',
  async (how) => {
    const account = await funded('100.00');
    const batch = await runningBatch(database.pool, account, 3);
    await claim(batch, 1);
    await report(batch, completed('r1', '0.10'));
    if (how === 'being cancelled') await transaction(database.pool, (tx) => cancelBatch(tx, batch));
    await database.pool.query('update batches set expires_at = clock_timestamp() where id = $1', [batch]);
    expect(await claimable()).not.toContain(batch);
    expect(idsOf(await claim(batch, 5))).toEqual([]);
    expect(await report(batch, completed('r1', '0.10'), completed('r2', '0.10'))).toMatchObject({
      kind: 'job_ended',
      duplicates: 1,
      late: [{ customId: 'r2' }],
    });
    await end(batch, how === 'in progress' ? 'expired' : 'cancelled');
    expect(await moneyOf(account)).toEqual({ balance: '99.90', held: '0.00' });
  },
);

test('issue 11.6 of claims and a cancel at once, what was handed out may be answered and nothing is handed out after', async () => {
  const account = await funded('100.00');
  const batch = await runningBatch(database.pool, account, 20);
  const claims = times(5, () => claim(batch, 2));
  const cancelling = transaction(database.pool, (tx) => cancelBatch(tx, batch));
  const handedOut = (await Promise.all([...claims, ...times(5, () => claim(batch, 2))])).flatMap(idsOf);
  await cancelling;
  const leased = await database.pool.query<{ custom_id: string }>(
    'select custom_id from batch_requests where batch_id = $1 and leased_until > now()',
    [batch],
  );
  expect(leased.rows.map((row) => row.custom_id).sort()).toEqual(handedOut.sort());
  expect(idsOf(await claim(batch, 20))).toEqual([]);
  if (handedOut.length > 0)
    expect(await report(batch, ...handedOut.map((id) => completed(id, '0.10')))).toMatchObject({
      kind: 'recorded',
      duplicates: 0,
      unknown: [],
    });
  await end(batch, 'cancelled');
  expect(await moneyOf(account)).toEqual({ balance: (100 - handedOut.length / 10).toFixed(2), held: '0.00' });
});

test("L3 usage that stands under the id of a job's request, same or other, keeps no result from being billed", async () => {
  const account = await funded('100.00');
  const batch = await runningBatch(database.pool, account, 3);
  const { model, usage } = { model: MODEL, usage: completed('r1', '1').usage };
  await postUsage(database.pool, [
    priced(account, `${batch}/1`, '0.01', { model, ...usage }),
    priced(account, `${batch}/2`, '0.02'),
    priced(account, `${batch}/2/2`, '0.04'),
  ]);
  const results = ['r1', 'r2', 'r3'].map((id) => completed(id, '0.50'));
  expect(await report(batch, ...results)).toMatchObject({ kind: 'recorded', duplicates: 0, batch: { completed: 3 } });
  expect(await report(batch, ...results)).toMatchObject({ kind: 'recorded', duplicates: 3 });
  await end(batch, 'completed');
  expect(await moneyOf(account)).toEqual({ balance: '98.43', held: '0.00' });
});

test('L5 a job that has given back its money ends without the lock of its account, which usage waits for', async () => {
  const account = await funded('100.00');
  const batch = await runningBatch(database.pool, account, 2);
  await report(batch, completed('r1', '0.50'));
  await transaction(database.pool, (tx) => closeBatch(tx, batch));
  await transaction(database.pool, async (usage) => {
    await lockAccount(usage, account);
    const ended = await transaction(database.pool, async (tx) => {
      await tx.query("set local lock_timeout = '1s'");
      return endBatch(tx, { batchId: batch, end: 'expired' }, {});
    });
    expect(ended).toMatchObject({ kind: 'ended', batch: { status: 'expired' } });
  });
  expect(await moneyOf(account)).toEqual({ balance: '99.50', held: '0.00' });
});

test('L2 the input of an open job cannot be deleted, even while the job is being created', async () => {
  const account = await funded('100.00');
  for (let i = 0; i < 20; i++) {
    const wish = await wishFor(database.pool, account, 1);
    const [created, removed] = await Promise.all([
      create(database.pool, wish),
      transaction(database.pool, (tx) => removeFile(tx, account, wish.inputFileId)),
    ]);
    expect([created.kind, removed.kind]).toEqual(
      created.kind === 'created' ? ['created', 'in_use'] : ['file_gone', 'removed'],
    );
    if (created.kind === 'created')
      await transaction(database.pool, (tx) => endBatch(tx, { batchId: created.batch.id, end: 'failed' }, {}));
  }
});

test('L3 jobs in parallel, ended at random: quota and held come back whole, bills are exact', async () => {
  const account = await funded('10000.00');
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          requests: fc.integer({ min: 1, max: 4 }),
          cents: fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 5 }),
          how: fc.constantFrom('completed', 'expired', 'cancelled'),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      async (jobs) => {
        const before = await moneyOf(account);
        const charged = await Promise.all(
          jobs.map(async ({ requests, cents, how }) => {
            const batch = await runningBatch(database.pool, account, requests);
            await claim(batch, 2);
            await Promise.all(cents.map((cost, i) => report(batch, completed(`r${i + 1}`, (cost / 100).toFixed(2)))));
            if (how === 'cancelled') await transaction(database.pool, (tx) => cancelBatch(tx, batch));
            await end(batch, how);
            return cents.slice(0, requests).reduce((sum, cost) => sum + cost, 0);
          }),
        );
        const after = await moneyOf(account);
        expect(after.held).toBe('0.00');
        const total = charged.reduce((sum, cents) => sum + cents, 0);
        expect(Math.round(Number(before.balance) * 100) - Math.round(Number(after.balance) * 100)).toBe(total);
      },
    ),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 25) },
  );
});
