/** L5: of an account's batches no more requests are handed out in a minute than its limit, whoever asks. */
import { LIST_EXHAUSTED, listExhaustedAccounts } from '../../ledger/batches/listExhaustedAccounts';
import { claimRequests } from '../../ledger/batches/claimRequests';
import { listClaimable } from '../../ledger/batches/listClaimable';
import { transaction, type Db } from '../../ledger/db';
import { insertBatchModel, runningBatch } from '../support/batchJob';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount } from '../support/ledgerAccount';
import { times } from '../support/times';

let database: TestDatabase;
let account: string;
beforeAll(async () => {
  database = await createTestDatabase();
  await insertBatchModel(database.pool);
  await database.owner.query(`
    create schema set_clock;
    grant usage on schema set_clock to public;
    create function set_clock.clock_timestamp() returns timestamptz language sql
      as $$ select current_setting('test.time')::timestamptz $$`);
});
beforeEach(async () => {
  account = await openAccount(database.pool);
  await credit(database.pool, account, '10000.00');
  await database.pool.query("update accounts set tier = 'low' where id = $1", [account]);
});
afterAll(() => database.drop());

const LOW = 600;
/** @param at what the clock of the database shows meanwhile. @default the right time */
const claim = (batchId: string, limit: number, at?: Date): Promise<number> =>
  transaction(database.pool, async (tx) => {
    if (at) {
      await tx.query("select set_config('test.time', $1, true)", [at.toISOString()]);
      await tx.query('set local search_path = set_clock, public, pg_catalog');
    }
    return (await claimRequests(tx, { batchId, limit, leaseSeconds: 600 })).requests.length;
  });
const sum = (counts: number[]): number => counts.reduce((all, one) => all + one, 0);
const age = (seconds: number) =>
  database.pool.query('update batch_claims set second = second - make_interval(secs => $2) where account_id = $1', [
    account,
    seconds,
  ]);
const claimable = async (): Promise<string[]> =>
  (await listClaimable(database.pool, { limit: 100, after: null }, null)).data.map(({ id }) => id);

test('L5 claims at once, of several jobs, get exactly what the limit lets an account have in a minute', async () => {
  const jobs = await Promise.all(times(3, () => runningBatch(database.pool, account, 400, { tokensMax: 10_000_000 })));
  const counts = await Promise.all(times(60, (i) => claim(jobs[i % 3]!, 37)));
  expect(sum(counts)).toBe(LOW);
  expect(await claim(jobs[0]!, 1)).toBe(0);
});

test('L5 after a minute more is handed out, and never before', async () => {
  const job = await runningBatch(database.pool, account, 700);
  const begunMs = 1_000 * Math.floor(Date.now() / 1_000);
  const claimAfter = (seconds: number) => claim(job, 500, new Date(begunMs + 1_000 * seconds));
  // Counted by whole seconds, so that a minute may last a second longer, and never less.
  expect([await claimAfter(0), await claimAfter(30), await claimAfter(60.9), await claimAfter(61)]).toEqual([
    500, 100, 0, 100,
  ]);
});

test('L5 jobs of an account at its limit do not stand before those of others, which have their own', async () => {
  const job = await runningBatch(database.pool, account, 700);
  const other = await openAccount(database.pool);
  await credit(database.pool, other, '100.00');
  const theirs = await runningBatch(database.pool, other, 5);
  await claim(job, 1_000);
  expect(await claimable()).toContain(theirs);
  expect(await claimable()).not.toContain(job);
  expect(await claim(theirs, 5)).toBe(5);
  await age(62);
  expect(await claimable()).toContain(job);
});

test('L6 a raised limit counts at the next claim', async () => {
  const job = await runningBatch(database.pool, account, 700);
  expect(await claim(job, 1_000)).toBe(LOW);
  await database.pool.query(
    "insert into limit_raises (account_id, key, limit_value) values ($1, 'batch.requests_per_minute', 650)",
    [account],
  );
  expect(await claim(job, 1_000)).toBe(50);
});

test('L5 which accounts are at their limit takes one query, however many claim', async () => {
  const { pool } = database;
  const tiers = { low: ['low', 600], raised: ['low', 600], standard: ['standard', 600], below: ['low', 599] } as const;
  const ids = new Map<string, string>();
  for (const [name, [tier, requests]] of Object.entries(tiers)) {
    const id = await openAccount(pool);
    ids.set(name, id);
    await pool.query('update accounts set tier = $2 where id = $1', [id, tier]);
    await pool.query("insert into batch_claims values ($1, date_trunc('second', now()), $2)", [id, requests]);
  }
  await pool.query(
    "insert into limit_raises (account_id, key, limit_value) values ($1, 'batch.requests_per_minute', 601)",
    [ids.get('raised')],
  );
  const query = jest.fn((...args: Parameters<Db['query']>) => pool.query(...args));
  const exhausted = await listExhaustedAccounts({ query });
  expect([...ids].filter(([, id]) => exhausted.includes(id)).map(([name]) => name)).toEqual(['low']);
  expect(query).toHaveBeenCalledTimes(1);
});

test('L5 claims before the last minute are not looked at for it', async () => {
  const plan = await transaction(database.pool, async (tx) => {
    await tx.query('set local enable_seqscan = off');
    const { rows } = await tx.query<{ 'QUERY PLAN': string }>(
      `explain ${LIST_EXHAUSTED.replaceAll('$1', "'batch.requests_per_minute'").replaceAll('$2', String(LOW))}`,
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });
  expect(plan).toMatch(/batch_claims_second\b[^]*Index Cond: \(second > /);
});
