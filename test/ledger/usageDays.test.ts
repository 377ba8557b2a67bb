import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { transaction } from '../../ledger/db';
import { findViolations } from '../../ledger/transactions/findViolations';
import { postUsage } from '../../ledger/usage/postUsage';
import { postUsageReversal } from '../../ledger/usage/postUsageReversal';
import { readSpending } from '../../ledger/usage/readSpending';
import { readUsage } from '../../ledger/usage/readUsage';
import { sumUsage } from '../../ledger/usage/sumUsage';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount, priced } from '../support/ledgerAccount';

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(async () => {
  expect(await findViolations(database.pool)).toEqual([]);
  await database.drop();
});

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MIDNIGHT = Date.UTC(2026, 10, 1);
const all = { from: null, to: null };
const summed = async () =>
  (await database.pool.query<{ count: bigint }>('select count(*) from usage_unsummed')).rows[0]!.count === 0n;
const reverse = (accountId: string, eventId: string) =>
  transaction(database.pool, (tx) =>
    postUsageReversal(tx, { accountId, eventId, reason: 'test', actor: 'test', idempotencyKey: randomUUID() }),
  );

test('B7 usage is in the sums at once, before and after it is summed, by the UTC day of its time', async () => {
  const account = await openAccount(database.pool);
  const events = [
    priced(account, 'a', '1.00', { atMs: MIDNIGHT, inputTokens: 3 }),
    priced(account, 'b', '2.00', { atMs: MIDNIGHT - 1, inputTokens: 4 }),
    priced(account, 'c', '0.04', { atMs: MIDNIGHT, inputTokens: 0, images: 2, imageSize: '1024x1024' }),
    priced(account, 'd', '0.50', { atMs: MIDNIGHT, inputTokens: 5, kind: 'batch' }),
  ];
  await postUsage(database.pool, events);
  const expected = [
    { day: '2026-10-31', kind: 'text', requests: 1, inputTokens: 4, images: 0 },
    { day: '2026-11-01', kind: 'batch', requests: 1, inputTokens: 5, images: 0 },
    { day: '2026-11-01', kind: 'image', requests: 1, inputTokens: 0, images: 2 },
    { day: '2026-11-01', kind: 'text', requests: 1, inputTokens: 3, images: 0 },
  ];
  expect(await summed()).toBe(false);
  expect(await readUsage(database.pool, account, all, ['day', 'kind'])).toMatchObject(expected);
  while ((await sumUsage(database.pool, 1)) > 0);
  expect(await readUsage(database.pool, account, all, ['day', 'kind'])).toMatchObject(expected);
  const day = { from: '2026-11-01', to: '2026-11-01' };
  expect(await readUsage(database.pool, account, day, ['kind'])).toMatchObject(
    expected.slice(1).map(({ kind }) => ({ kind })),
  );
});

test.each(['before', 'after'])('B7 an event that is reversed %s it is summed is in no sum', async (when) => {
  const account = await openAccount(database.pool);
  await postUsage(database.pool, [priced(account, 'a', '1.00'), priced(account, 'b', '2.00')]);
  if (when === 'after') await sumUsage(database.pool, 1_000);
  expect(await reverse(account, 'a')).toMatchObject({ kind: 'posted' });
  expect(await reverse(account, 'a')).toMatchObject({ kind: 'already_reversed' });
  expect(await readUsage(database.pool, account, all, ['day'])).toMatchObject([{ requests: 1, cost: 2_000_000_000n }]);
  expect(await reverse(account, 'b')).toMatchObject({ kind: 'posted' });
  await sumUsage(database.pool, 1_000);
  expect(await readUsage(database.pool, account, all, ['day', 'model', 'kind'])).toEqual([]);
});

test('A16 what was spent lately: eight days of it, by their sums, whether summed or not', async () => {
  const account = await openAccount(database.pool);
  const nowMs = Date.UTC(2026, 10, 20, 6);
  const today = nowMs - 6 * HOUR_MS;
  const spendingOf = () => readSpending(database.pool, account, nowMs);
  expect(await spendingOf()).toMatchObject({ spent: 0n, dearestDay: 0n, lastHour: 0n, lastHourMs: HOUR_MS });
  await postUsage(database.pool, [priced(account, 'a', '1.00', { atMs: today })]);
  expect(await spendingOf()).toMatchObject({ spent: 1_000_000_000n, overMs: 6 * HOUR_MS, dearestDay: 1_000_000_000n });
  await postUsage(database.pool, [priced(account, 'b', '2.00', { atMs: today - 1 })]);
  await postUsage(database.pool, [priced(account, 'c', '1.50', { atMs: today - DAY_MS })]);
  const twoDays = { spent: 4_500_000_000n, overMs: DAY_MS + 6 * HOUR_MS, dearestDay: 3_500_000_000n };
  expect(await spendingOf()).toMatchObject(twoDays);
  while ((await sumUsage(database.pool, 1)) > 0);
  expect(await spendingOf()).toMatchObject(twoDays);
  // Too old to count, but the idle days since then do.
  await postUsage(database.pool, [priced(account, 'd', '100.00', { atMs: today - 8 * DAY_MS })]);
  while ((await sumUsage(database.pool, 1)) > 0);
  expect(await spendingOf()).toMatchObject({ ...twoDays, overMs: 7 * DAY_MS + 6 * HOUR_MS });
});

test('A16 the last hour is what was posted in it', async () => {
  const account = await openAccount(database.pool);
  const { rows } = await database.pool.query<{ now: Date }>('select now()');
  const nowMs = rows[0]!.now.getTime();
  await postUsage(database.pool, [priced(account, 'a', '1.00', { atMs: nowMs - 3 * DAY_MS })]);
  await postUsage(database.pool, [priced(account, 'b', '0.25', { atMs: nowMs })]);
  const hour = { lastHourMs: HOUR_MS };
  expect(await readSpending(database.pool, account, nowMs + 60_000)).toMatchObject({
    lastHour: 1_250_000_000n,
    ...hour,
  });
  expect(await readSpending(database.pool, account, nowMs + 2 * HOUR_MS)).toMatchObject({ lastHour: 0n, ...hour });
});

test('B7 a summing that is cut off before its commit has summed nothing, and the next one sums all', async () => {
  const account = await openAccount(database.pool);
  await postUsage(database.pool, [priced(account, 'a', '1.00')]);
  const cut = await database.pool.connect();
  await cut.query('begin');
  expect(await sumUsage(cut, 1_000)).toBeGreaterThan(0);
  // Whoever reads now, or sums beside it, counts the event once.
  expect(await readUsage(database.pool, account, all, [])).toMatchObject([{ requests: 1 }]);
  expect(await sumUsage(database.pool, 1_000)).toBe(0);
  await cut.query('rollback');
  cut.release();
  expect(await summed()).toBe(false);
  await sumUsage(database.pool, 1_000);
  expect(await summed()).toBe(true);
  expect(await readUsage(database.pool, account, all, [])).toMatchObject([{ requests: 1, cost: 1_000_000_000n }]);
});

test('B7 whatever is posted, reversed, repeated and summed at the same time, each reading is exact: a simple model agrees', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('post' as const),
      ids: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 8 }),
    }),
    fc.record({ kind: fc.constant('reverse' as const), ids: fc.tuple(fc.integer({ min: 0, max: 30 })) }),
    fc.record({ kind: fc.constant('sum' as const), ids: fc.constant([] as number[]) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const account = await openAccount(database.pool);
      const posted = new Set<number>();
      const reversed = new Set<number>();
      const event = (id: number) =>
        priced(account, `e${id}`, '0.01', { atMs: MIDNIGHT + (id % 3) * DAY_MS, inputTokens: id, model: `m${id % 2}` });
      for (const { kind, ids } of steps) {
        if (kind === 'sum') await Promise.all([sumUsage(database.pool, 3), sumUsage(database.pool, 3)]);
        else if (kind === 'reverse') {
          const outcome = await reverse(account, `e${ids[0]}`);
          if (outcome.kind === 'posted') reversed.add(ids[0]);
          expect(outcome.kind === 'posted' || outcome.kind === 'already_reversed').toBe(posted.has(ids[0]));
        } else {
          await Promise.all([postUsage(database.pool, ids.map(event)), sumUsage(database.pool, 2)]);
          ids.forEach((id) => posted.add(id));
        }
        const kept = [...posted].filter((id) => !reversed.has(id));
        const rows = await readUsage(database.pool, account, all, ['day', 'model']);
        expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(kept.length);
        expect(rows.reduce((sum, { inputTokens }) => sum + inputTokens, 0)).toBe(kept.reduce((sum, id) => sum + id, 0));
        expect(rows.length).toBe(new Set(kept.map((id) => `${id % 3}/${id % 2}`)).size);
      }
    }),
    { numRuns: 15 },
  );
});

test('B3 two ids that share the bytes they are looked up by are two events', async () => {
  // By chance that takes billions of events: here all share them.
  const account = await openAccount(database.pool);
  await database.owner.query(
    `create or replace function usage_key(p_account text, p_event text) returns bigint language sql immutable as 'select 7::bigint'`,
  );
  await database.owner.query(
    'drop index usage_events_key; create index usage_events_key on usage_events (usage_key(account_id, event_id))',
  );
  const [first, second] = [priced(account, 'x', '1.00'), priced(account, 'y', '1.00')];
  const fresh = await database.pool.connect();
  expect((await postUsage(fresh, [first])).notPosted.size).toBe(0);
  expect((await postUsage(fresh, [second, first])).notPosted).toEqual(new Map([[1, 'duplicate']]));
  fresh.release();
});
