import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { findViolations } from '../../ledger/transactions/findViolations';
import { MONTHS_LOCK } from '../../ledger/usage/inUsageSnapshot';
import { listUsageMonths } from '../../ledger/usage/listUsageMonths';
import { postUsage } from '../../ledger/usage/postUsage';
import { prepareUsageMonths } from '../../ledger/usage/prepareUsageMonths';
import { startUsageSums } from '../../workers/usageSums';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount, priced } from '../support/ledgerAccount';
import { until } from '../support/notices';

let database: TestDatabase;
let account: string;
beforeEach(async () => {
  database = await createTestDatabase();
  account = await openAccount(database.pool);
  await credit(database.pool, account, '100.00');
});
afterEach(async () => {
  expect(await findViolations(database.pool)).toEqual([]);
  await database.drop();
});

/** As after months in which no worker ran: no month has a table any more. */
async function dropMonths(): Promise<void> {
  for (const month of await listUsageMonths(database.pool))
    await database.owner.query(`drop table usage_events_${month.replace('-', '_')}`);
}
const tableOf = async (eventId: string): Promise<string> => {
  const { rows } = await database.pool.query<{ table: string }>(
    'select tableoid::regclass::text as table from usage_events where event_id = $1',
    [eventId],
  );
  expect(rows).toHaveLength(1);
  return rows[0]!.table;
};
const monthsFromNow = (...ahead: number[]): string[] =>
  ahead.map((months) => {
    const now = new Date();
    return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1)).toISOString().slice(0, 7);
  });
const tables = (months: string[]): string[] => months.map((month) => `usage_events_${month.replace('-', '_')}`);

test('B8 usage that was posted while its month had no table is moved into it, and stays what it was', async () => {
  await dropMonths();
  const events = [priced(account, 'a', '1.00'), priced(account, 'b', '2.00')];
  await postUsage(database.pool, events);
  expect(await tableOf('a')).toBe('usage_events_other');
  const before = await database.pool.query('select * from usage_events order by event_id');

  const months = monthsFromNow(0, 1, 2);
  expect(await prepareUsageMonths(database.pool)).toEqual({ made: tables(months), failed: [] });
  expect(await tableOf('a')).toBe(tables(months)[0]);
  expect((await database.pool.query('select * from usage_events order by event_id')).rows).toEqual(before.rows);
  expect([...(await postUsage(database.pool, events)).notPosted.values()]).toEqual(['duplicate', 'duplicate']);
  expect(await prepareUsageMonths(database.pool)).toEqual({ made: [], failed: [] });
});

test('B2 usage is append-only in a table it was moved to, and in the table it was moved from', async () => {
  await dropMonths();
  await postUsage(database.pool, [priced(account, 'a', '1.00')]);
  await prepareUsageMonths(database.pool);
  await database.owner.query(`alter table usage_events alter column taken_at set default '2020-01-15T12:00:00Z'`);
  await postUsage(database.pool, [priced(account, 'old', '1.00')]);
  expect(await tableOf('old')).toBe('usage_events_other');
  for (const id of ['a', 'old']) {
    await expect(database.owner.query(`delete from ${await tableOf(id)}`)).rejects.toThrow(/append-only/);
    await expect(database.owner.query('delete from usage_events where event_id = $1', [id])).rejects.toThrow(
      /append-only/,
    );
  }
});

test('B8 a month that cannot be made is told, and keeps neither the others nor usage', async () => {
  await dropMonths();
  const [now, next, last] = monthsFromNow(0, 1, 2) as [string, string, string];
  // A type of that name keeps a table of that name from being made.
  await database.owner.query(`create type ${tables([now])[0]} as enum ()`);
  const { made, failed } = await prepareUsageMonths(database.pool);
  expect(made).toEqual(tables([next, last]));
  expect(failed).toEqual([{ month: now, because: expect.stringContaining('already exists') as string, isBusy: false }]);
  await postUsage(database.pool, [priced(account, 'a', '1.00')]);
  expect(await tableOf('a')).toBe('usage_events_other');

  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  const sums = startUsageSums({ pool: database.pool, log });
  while (lines.length === 0) await sleep(10);
  await sums.stop();
  expect(lines.join()).toContain(`"month":"${now}"`);
  await database.owner.query(`drop type ${tables([now])[0]}`);
  expect((await prepareUsageMonths(database.pool)).made).toEqual(tables([now]));
  expect(await tableOf('a')).toBe(tables([now])[0]);
});

test('B3 usage that is posted while its month is made is posted once', async () => {
  await dropMonths();
  await postUsage(
    database.pool,
    Array.from({ length: 500 }, (_, i) => priced(account, `before-${i}`, '0.01')),
  );
  let posting = true;
  let posted = 0;
  const post = async (lane: number): Promise<void> => {
    for (let i = 0; posting; i++, posted++) {
      const event = priced(account, `${lane}-${i}`, '0.001');
      await postUsage(database.pool, [event]);
      expect([...(await postUsage(database.pool, [event])).notPosted.values()]).toEqual(['duplicate']);
    }
  };
  const lanes = [0, 1, 2, 3].map(post);
  await sleep(100);
  const log = pino({ level: 'silent' });
  const workers = [1, 2].map(() => startUsageSums({ pool: database.pool, log, busyPauseMs: 10 }));
  const all = monthsFromNow(0, 1, 2);
  await until(
    () => listUsageMonths(database.pool),
    (months) => all.every((month) => months.includes(month)),
  );
  await Promise.all(workers.map((worker) => worker.stop()));
  posting = false;
  await Promise.all(lanes);
  const { rows } = await database.pool.query<{ events: bigint }>('select count(*) as events from usage_events');
  expect(Number(rows[0]!.events)).toBe(500 + posted);
});

test('B5 a month that somebody reads is made as soon as it is free, and usage goes on meanwhile', async () => {
  await dropMonths();
  const reader = await database.pool.connect();
  await reader.query('begin; select from usage_events');
  const sums = startUsageSums({ pool: database.pool, log: pino({ level: 'silent' }), busyPauseMs: 10 });
  try {
    const busy = (await prepareUsageMonths(database.pool)).failed;
    expect(busy).toEqual(
      monthsFromNow(0, 1, 2).map((month) => expect.objectContaining({ month, isBusy: true }) as object),
    );
    for (let i = 0; i < 10; i++) await postUsage(database.pool, [priced(account, `meanwhile-${i}`, '0.01')]);
    expect(await listUsageMonths(database.pool)).toEqual([]);
  } finally {
    // What looks at the tables after a test that fails would wait for it for ever.
    await reader.query('commit');
    reader.release();
  }
  await until(
    () => listUsageMonths(database.pool),
    (months) => months.length === 3,
  );
  await sums.stop();
  expect(await tableOf('meanwhile-9')).toBe(tables(monthsFromNow(0))[0]);
});

test('B5, O4 while a backup keeps months from being made, those that are there are not told as missing', async () => {
  const reader = await database.pool.connect();
  await reader.query('select pg_advisory_lock_shared($1)', [MONTHS_LOCK]);
  try {
    expect(await prepareUsageMonths(database.pool)).toEqual({ made: [], failed: [] });
    await dropMonths();
    expect((await prepareUsageMonths(database.pool)).failed).toHaveLength(3);
  } finally {
    await reader.query('select pg_advisory_unlock_shared($1)', [MONTHS_LOCK]);
    reader.release();
  }
  expect((await prepareUsageMonths(database.pool)).made).toEqual(tables(monthsFromNow(0, 1, 2)));
});
