/** L6: an account's limits with what is in use now. */
import { LIMIT_KEYS, LIMITS } from '../../domain/limits';
import { claimRequests } from '../../ledger/batches/claimRequests';
import { transaction } from '../../ledger/db';
import { postUsage } from '../../ledger/usage/postUsage';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { insertBatchModel, MODEL, runningBatch, TOKENS_PER_REQUEST } from '../support/batchJob';
import { priced } from '../support/ledgerAccount';

let api: TestApi;
let own: TestAccount;
beforeAll(async () => {
  api = await startTestApi();
  await insertBatchModel(api.database.pool);
});
beforeEach(async () => (own = await openAccount(api, '100.00')));
afterAll(() => api.close());

type Row = { key: string; limit: number; used: number | null; unit: string; model?: string; tier: string };
const limitsOf = async ({ id, member }: TestAccount): Promise<Row[]> => {
  const { status, body } = await api.ask('GET', `/v1/accounts/${id}/limits`, { key: member });
  expect([status, body.nextCursor]).toEqual([200, null]);
  return body.data;
};
const rowOf = async (account: TestAccount, key: string, model?: string): Promise<Row | undefined> =>
  (await limitsOf(account)).find((row) => row.key === key && row.model === model);
const raise = (key: string, model: string, limit: number) =>
  api.database.pool.query('insert into limit_raises (account_id, key, model_id, limit_value) values ($1, $2, $3, $4)', [
    own.id,
    key,
    model,
    limit,
  ]);

test('L6 every limit is listed, by the tier, and follows it when it changes', async () => {
  const rows = await limitsOf(own);
  expect(rows.map(({ key }) => key)).toEqual(LIMIT_KEYS);
  expect(rows.every(({ tier }) => tier === 'standard')).toBe(true);
  for (const { key, limit } of rows) expect(limit).toBe(LIMITS[key as keyof typeof LIMITS].byTier.other);
  await api.ask('PATCH', `/v1/accounts/${own.id}`, { key: api.admin, body: { tier: 'high' } });
  expect(await rowOf(own, 'dedicated.endpoints')).toMatchObject({ limit: 20, used: 0, tier: 'high' });
  const none = await api.ask('GET', '/v1/accounts/nobody/limits', { key: api.admin });
  expect(none.status).toBe(404);
});

test('L6 enqueued tokens have a row for each model in use and one for the rest', async () => {
  await runningBatch(api.database.pool, own.id, 3);
  expect(await rowOf(own, 'batch.enqueued_tokens', MODEL)).toMatchObject({ used: 3 * TOKENS_PER_REQUEST });
  expect(await rowOf(own, 'batch.enqueued_tokens')).toMatchObject({ used: 0, limit: 10_000_000_000 });
});

test('L6 a raise counts at once, that of a model before that of all; less than the tier gives changes nothing', async () => {
  await raise('batch.enqueued_tokens', '', 20_000_000_000);
  await raise('batch.enqueued_tokens', MODEL, 30_000_000_000);
  await raise('dedicated.endpoints', '', 2);
  expect(await rowOf(own, 'batch.enqueued_tokens')).toMatchObject({ limit: 20_000_000_000 });
  expect(await rowOf(own, 'batch.enqueued_tokens', MODEL)).toMatchObject({ limit: 30_000_000_000, used: 0 });
  expect(await rowOf(own, 'dedicated.endpoints')).toMatchObject({ limit: 5 });
});

test('L6 requests of batches that were handed out in the last minute are counted', async () => {
  const { pool } = api.database;
  const batchId = await runningBatch(pool, own.id, 3);
  expect(await rowOf(own, 'batch.requests_per_minute')).toMatchObject({ used: 0, limit: 6_000 });
  await transaction(pool, (tx) => claimRequests(tx, { batchId, limit: 2, leaseSeconds: 60 }));
  expect(await rowOf(own, 'batch.requests_per_minute')).toMatchObject({ used: 2 });
});

test("L6 real-time use is the last minute's, the account's own, by when it was taken, batches left out", async () => {
  const { pool } = api.database;
  const other = await openAccount(api, '100.00');
  const old = Date.now() - 3_600_000;
  await postUsage(pool, [
    priced(own.id, 'a', '1', { inputTokens: 5, outputTokens: 7, atMs: old }),
    priced(own.id, 'b', '1', { inputTokens: 1_000, kind: 'batch' }),
    priced(other.id, 'c', '1', { inputTokens: 9 }),
  ]);
  await api.ask('POST', `/v1/accounts/${own.id}/adjustments`, {
    key: api.admin,
    body: { amount: '1.00', reason: 'between' },
    headers: { 'Idempotency-Key': 'between' },
  });
  await postUsage(pool, [priced(own.id, 'd', '1', { inputTokens: 1, outputTokens: 1 })]);
  expect(await rowOf(own, 'realtime.requests_per_minute')).toMatchObject({ used: 2 });
  expect(await rowOf(own, 'realtime.tokens_per_minute')).toMatchObject({ used: 14 });
});

test('L6 usage that was taken more than a minute ago is not counted', async () => {
  const { pool } = api.database;
  await postUsage(pool, [priced(own.id, 'a', '1')]);
  await transaction(api.database.owner, async (tx) => {
    // The ledger refuses changes: only without its triggers is a line made older.
    await tx.query('set local session_replication_role = replica');
    const { rowCount } = await tx.query(
      "update ledger_lines set at = at - interval '61 seconds' where account_id = $1",
      [own.id],
    );
    expect(rowCount).toBeGreaterThan(0);
    await tx.query("update usage_events set taken_at = taken_at - interval '61 seconds' where account_id = $1", [
      own.id,
    ]);
  });
  expect(await rowOf(own, 'realtime.requests_per_minute')).toMatchObject({ used: 0 });
  await postUsage(pool, [priced(own.id, 'b', '1')]);
  expect(await rowOf(own, 'realtime.requests_per_minute')).toMatchObject({ used: 1 });
});
