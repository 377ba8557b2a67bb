/** O4, P6: what reads all usage at one moment, while a month of it leaves for the archive. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { restoreBackup } from '../../ledger/backup/restoreBackup';
import { writeBackup } from '../../ledger/backup/writeBackup';
import { checkLedger } from '../../ledger/reconciliation/checkLedger';
import { findViolations } from '../../ledger/transactions/findViolations';
import { postUsage } from '../../ledger/usage/postUsage';
import { inUsageSnapshot } from '../../ledger/usage/inUsageSnapshot';
import { archiveUsage } from '../../usage/archive/archiveUsage';
import { restoreUsage } from '../../usage/archive/restoreUsage';
import { holds, prove } from '../../verify/prove';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount, priced } from '../support/ledgerAccount';
import { until } from '../support/notices';

const DAY_MS = 86_400_000;
let database: TestDatabase;
let folder: string;
let account: string;
beforeEach(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'ballast-snapshot-'));
  account = await openAccount(database.pool);
  await database.owner.query(`select create_usage_month('2026-08')`);
  await database.owner.query(`alter table usage_events alter column taken_at set default '2026-08-15T12:00:00Z'`);
  await postUsage(database.pool, [priced(account, 'august', '2.00')]);
  await database.owner.query('alter table usage_events alter column taken_at set default now()');
});
afterEach(async () => {
  expect(await findViolations(database.pool)).toEqual([]);
  rmSync(folder, { recursive: true });
  await database.drop();
});

const archive = () =>
  archiveUsage({
    pool: database.pool,
    log: pino({ level: 'silent' }),
    folder,
    retentionMs: 60 * DAY_MS,
    nowMs: Date.parse('2026-11-25T00:00:00Z'),
  });

/** How many wait for the table: in this database, as all of one template have the same numbers. */
async function waitingFor(table: string): Promise<number> {
  const { rowCount } = await database.pool.query(
    `select from pg_locks where not granted and relation = $1::regclass
       and database = (select oid from pg_database where datname = current_database())`,
    [table],
  );
  return rowCount!;
}

/** `work` has taken its view and waits at the first of what it reads, while a worker archives as far as it may. */
async function whileArchived<T>(work: () => Promise<T>): Promise<T> {
  const blocker = await database.owner.connect();
  await blocker.query('begin; lock table balances in access exclusive mode');
  const working = work();
  await until(() => waitingFor('balances'), Boolean);
  const archiving = archive();
  let isArchived = false;
  void archiving.then(() => (isArchived = true));
  let waiting = 0;
  for (let look = 0; look < 20 && !isArchived; look++) {
    await sleep(50);
    waiting += await waitingFor('usage_events');
  }
  await blocker.query('rollback');
  blocker.release();
  const done = await working;
  expect(await archiving).toEqual(['2026-08']);
  // Nobody who posts usage waits behind a month that waits to be dropped.
  expect(waiting).toBe(0);
  return done;
}

test('O4, B8 a backup that runs while a month is archived has the events of the month', async () => {
  const backup = await whileArchived(() => writeBackup(database.owner, folder));
  const rowsOf = (table: string) => backup.tables.find(({ name }) => name === table)!.rows;
  expect({ events: rowsOf('usage_events'), months: backup.usageMonths.includes('2026-08') }).toEqual({
    events: 1,
    months: true,
  });
  // The file is there, as the database has it and does not know it: it is found to be the month's, and recorded again.
  await restoreBackup(database.owner, folder);
  expect((await database.pool.query('select from usage_events')).rowCount).toBe(1);
  expect(await archive()).toEqual(['2026-08']);
});

test('P6 a check of the whole ledger finds nothing wrong while a month is archived', async () => {
  const { violations } = await whileArchived(() => checkLedger(database.pool, 10));
  expect(violations).toEqual([]);
});

test('a proof finds nothing wrong while a month is archived', async () => {
  const results = await whileArchived(() => prove({ databaseUrl: database.url, graceSeconds: 900 }));
  expect(results.filter(({ differences }) => differences > 0)).toEqual([]);
  expect(holds(results)).toBe(true);
});

test('B8 a month comes back after a backup that runs, and nobody who posts usage waits for that', async () => {
  await archive();
  let finish = (): void => {};
  const backup = inUsageSnapshot(database.pool, 'repeatable read, read only', async (tx) => {
    await tx.query('select from usage_events');
    await new Promise<void>((resolve) => (finish = resolve));
  });
  await until(
    () => database.pool.query(`select from pg_locks where locktype = 'advisory' and mode = 'ShareLock'`),
    ({ rowCount }) => rowCount! > 0,
  );
  const restoring = restoreUsage({ pool: database.owner, folder, month: '2026-08', keptDays: 7 });
  let waiting = 0;
  for (let look = 0; look < 40; look++) {
    await sleep(50);
    waiting += await waitingFor('usage_events');
  }
  finish();
  await backup;
  expect(await restoring).toEqual({ events: 1, leftOut: 0 });
  expect(waiting).toBe(0);
});
