import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { readConfig } from '../../domain/config';
import { recordResults } from '../../ledger/batches/recordResults';
import { transaction } from '../../ledger/db';
import { findViolations } from '../../ledger/transactions/findViolations';
import { withArchiveLock } from '../../ledger/usage/archiveLock';
import { listArchives } from '../../ledger/usage/listArchives';
import { listUsageMonths } from '../../ledger/usage/listUsageMonths';
import { postUsage, type PricedEvent } from '../../ledger/usage/postUsage';
import { postUsageReversal } from '../../ledger/usage/postUsageReversal';
import { readUsage } from '../../ledger/usage/readUsage';
import { recordArchive } from '../../ledger/usage/recordArchive';
import { archiveUsage } from '../../usage/archive/archiveUsage';
import { restoreUsage } from '../../usage/archive/restoreUsage';
import { writeUsageMonth } from '../../usage/archive/writeUsageMonth';
import { startUsageArchive } from '../../workers/usageArchive';
import { completed, insertBatchModel, runningBatch } from '../support/batchJob';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount, priced } from '../support/ledgerAccount';
import { startTestApi, type Asked } from '../support/api';
import { until } from '../support/notices';

const DAY_MS = 86_400_000;
const retentionMs = 60 * DAY_MS;
const log = pino({ level: 'silent' });
const all = { from: null, to: null };

let database: TestDatabase;
let folder: string;
let account: string;
beforeEach(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'ballast-archive-'));
  account = await openAccount(database.pool);
  await postIn('2026-07', [priced(account, 'july', '1.00')]);
  await postIn('2026-08', [priced(account, 'august-1', '2.00', { images: 1, imageSize: '1x1', inputTokens: 0 })]);
  await postIn('2026-08', [priced(account, 'august-2', '0.000000001'), priced(account, 'august-3', '3.00')]);
  await postUsage(database.pool, [priced(account, 'now', '4.00')]);
});
afterEach(async () => {
  expect(await findViolations(database.pool)).toEqual([]);
  rmSync(folder, { recursive: true });
  await database.drop();
});

/** Posts as if it were that month. */
async function postIn(month: string, events: PricedEvent[]): Promise<void> {
  await database.owner.query('select create_usage_month($1)', [month]);
  await database.owner.query(`alter table usage_events alter column taken_at set default '${month}-15T12:00:00Z'`);
  await postUsage(database.pool, events);
  await database.owner.query('alter table usage_events alter column taken_at set default now()');
}
const archive = (nowMs = Date.parse('2026-11-25T00:00:00Z')) =>
  archiveUsage({ pool: database.pool, log, folder, retentionMs, nowMs });
const fileOf = (month: string) => join(folder, `usage-${month}.ndjson.gz`);
const eventsIn = (month: string) =>
  gunzipSync(readFileSync(fileOf(month)))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event_id: string });
const kept = async () =>
  (await database.pool.query<{ event_id: string }>('select event_id from usage_events order by 1')).rows.map(
    ({ event_id }) => event_id,
  );

test('B8 usage older than the retention leaves as files, listed with their checksums; lines and sums stay', async () => {
  const before = await readUsage(database.pool, account, all, ['day', 'model', 'kind']);
  expect(await archive()).toEqual(['2026-07', '2026-08']);
  expect(await kept()).toEqual(['now']);
  expect(eventsIn('2026-08').map(({ event_id }) => event_id)).toEqual(['august-1', 'august-2', 'august-3']);
  const archives = await listArchives(database.pool, 'dropped');
  expect(archives).toMatchObject([
    { month: '2026-07', events: 1, cost: 1_000_000_000n },
    { month: '2026-08', events: 3, cost: 5_000_000_001n, file: 'usage-2026-08.ndjson.gz' },
  ]);
  for (const { month, sha256 } of archives)
    expect(
      createHash('sha256')
        .update(readFileSync(fileOf(month)))
        .digest('hex'),
    ).toBe(sha256);
  expect(await readUsage(database.pool, account, all, ['day', 'model', 'kind'])).toEqual(before);
  expect((await database.pool.query('select 1 from ledger_lines')).rowCount).toBe(4);
  expect(await archive()).toEqual([]);
});

/** A job of two requests that ran in that month and cost $0.75. */
async function batchIn(month: string): Promise<string> {
  await insertBatchModel(database.pool);
  await credit(database.pool, account, '50.00');
  const batchId = await runningBatch(database.pool, account, 2);
  await database.owner.query('select create_usage_month($1)', [month]);
  await database.owner.query(`alter table usage_events alter column taken_at set default '${month}-15T12:00:00Z'`);
  const results = [completed('r1', '0.50'), completed('r2', '0.25')];
  await transaction(database.pool, (tx) => recordResults(tx, { batchId, results, nowMs: Date.now() }));
  await database.owner.query('alter table usage_events alter column taken_at set default now()');
  await database.owner.query('update batches set created_at = $2 where id = $1', [batchId, `${month}-15T11:00:00Z`]);
  return batchId;
}

test('B8 a job whose usage has left for a file has still charged what it cost', async () => {
  await batchIn('2026-07');
  expect(await findViolations(database.pool)).toEqual([]);
  expect(await archive()).toEqual(['2026-07', '2026-08']);
  expect(await findViolations(database.pool)).toEqual([]);
});

test('B8 a job that has charged less than its usage, or more while all of it is there, is found', async () => {
  const batchId = await batchIn('2026-07');
  for (const wrong of [-1, 1]) {
    await database.owner.query('update batches set charged_nano = charged_nano + $2 where id = $1', [batchId, wrong]);
    expect(await findViolations(database.pool)).toEqual([
      {
        invariant: '2 a job has charged what its usage cost',
        accountId: account,
        detail: `${batchId}: charged ${750_000_000 + wrong}, usage 750000000`,
      },
    ]);
    await database.owner.query('update batches set charged_nano = charged_nano - $2 where id = $1', [batchId, wrong]);
  }
});

test('B8 a month stays until it is over for the whole retention', async () => {
  expect(await archive(Date.parse('2026-10-29T23:59:59Z'))).toEqual(['2026-07']);
  expect(await kept()).toEqual(['august-1', 'august-2', 'august-3', 'now']);
  expect(await archive(Date.parse('2026-10-31T00:00:00Z'))).toEqual(['2026-08']);
});

test('B8 the retention is for ever unless it is set, and never shorter than an event may be late', () => {
  expect(readConfig({}).USAGE_RETENTION).toBeUndefined();
  expect(readConfig({ USAGE_RETENTION: '90d' }).USAGE_RETENTION).toBe(90 * DAY_MS);
  expect(() => readConfig({ USAGE_RETENTION: '31d' })).toThrow(/at least 32d/);
});

test('B8 the database refuses to drop a month that is in no file, whoever asks', async () => {
  await expect(database.pool.query(`select drop_usage_month('2026-08')`)).rejects.toThrow(/is in no file/);
  await expect(database.owner.query(`select drop_usage_month('2026-08')`)).rejects.toThrow(/is in no file/);
});

test('B8 cut off while a file is written: it is written again', async () => {
  writeFileSync(`${fileOf('2026-07')}.part`, 'half');
  expect(await archive()).toEqual(['2026-07', '2026-08']);
  expect(readdirSync(folder)).toEqual(['usage-2026-07.ndjson.gz', 'usage-2026-08.ndjson.gz']);
  expect(eventsIn('2026-07')).toHaveLength(1);
});

const write = async (month: string) => {
  const client = await database.pool.connect();
  return writeUsageMonth(client, month, fileOf(month)).finally(() => client.release());
};

test('B8 cut off between the file and its record: the same file is written again', async () => {
  const { sha256 } = await write('2026-08');
  await archive();
  expect((await listArchives(database.pool, 'all'))[1]).toMatchObject({ month: '2026-08', sha256 });
  expect(eventsIn('2026-08')).toHaveLength(3);
});

/** As after a restore: the database has the month again, or lacks it, and knows nothing of the file. */
async function forgetArchive(): Promise<void> {
  await database.owner.query('truncate usage_archives');
}

test('B8, O4 a file that the database does not know, with the events of the month in another order, is kept', async () => {
  await archive();
  const [file, lines] = [readFileSync(fileOf('2026-08')), eventsIn('2026-08')];
  const other = gzipSync(
    lines
      .toReversed()
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
  );
  await restoreUsage({ pool: database.owner, folder, month: '2026-08', keptDays: 7 });
  await database.owner.query(`delete from usage_archives where month = '2026-08'`);
  writeFileSync(fileOf('2026-08'), other);
  expect(other).not.toEqual(file);
  expect(await archive()).toEqual(['2026-08']);
  expect(readFileSync(fileOf('2026-08'))).toEqual(other);
  expect(await restoreUsage({ pool: database.owner, folder, month: '2026-08', keptDays: 7 })).toEqual({
    events: 3,
    leftOut: 0,
  });
});

test('B8, O4 a file with events that the database has lost is not replaced by an empty one, and is recorded again', async () => {
  await archive();
  const file = readFileSync(fileOf('2026-08'));
  await forgetArchive();
  await database.owner.query(`select create_usage_month('2026-07'), create_usage_month('2026-08')`);
  expect(await archive()).toEqual(['2026-07', '2026-08']);
  expect(readFileSync(fileOf('2026-08'))).toEqual(file);
  expect(await restoreUsage({ pool: database.owner, folder, month: '2026-08', keptDays: 7 })).toEqual({
    events: 3,
    leftOut: 0,
  });
});

test('B8, O4 a file with other events, or one that is not whole, is not replaced: its month stays, and others go on', async () => {
  writeFileSync(fileOf('2026-07'), gzipSync(`{"account_id":"x","sequence":1,"posting":7,"cost_nano":5}\n`));
  await expect(archive()).rejects.toThrow(/has other events than the month in the database/);
  expect(await kept()).toEqual(['july', 'now']);
  expect(readdirSync(folder)).toEqual(['usage-2026-07.ndjson.gz', 'usage-2026-08.ndjson.gz']);
  writeFileSync(fileOf('2026-07'), gzipSync(`{"account_id":"x","sequence":1,"posting":7,"cost_nano":1000000000}\n`));
  await expect(archive()).rejects.toThrow(/has other events than the month in the database/);
  const half = readFileSync(fileOf('2026-08')).subarray(0, 60);
  writeFileSync(fileOf('2026-07'), half);
  await expect(archive()).rejects.toThrow(/is no whole file/);
  expect(readFileSync(fileOf('2026-07'))).toEqual(half);
  rmSync(fileOf('2026-07'));
  expect(await archive()).toEqual(['2026-07']);
});

test('B8, O4 a file of another deployment is not taken for the one of a month without events', async () => {
  await database.owner.query(`select create_usage_month('2026-06')`);
  const foreign = gzipSync(`{"account_id":"x","sequence":1,"posting":7,"cost_nano":5}\n`);
  writeFileSync(fileOf('2026-06'), foreign);
  await expect(archive()).rejects.toThrow(/has other events/);
  expect(readFileSync(fileOf('2026-06'))).toEqual(foreign);
  expect((await listArchives(database.pool, 'all')).map(({ month }) => month)).toEqual(['2026-07', '2026-08']);
});

test('B8 cut off between the record and the drop: the month is dropped, its file untouched', async () => {
  const written = await write('2026-08');
  await recordArchive(database.pool, { month: '2026-08', file: 'usage-2026-08.ndjson.gz', ...written });
  expect(await kept()).toContain('august-1');
  expect(await archive()).toEqual(['2026-07', '2026-08']);
  expect(await kept()).toEqual(['now']);
});

test('B8 a file that is not what was written keeps its month in the database', async () => {
  const written = await write('2026-08');
  await recordArchive(database.pool, { month: '2026-08', file: 'usage-2026-08.ndjson.gz', ...written });
  writeFileSync(fileOf('2026-08'), 'something else');
  await expect(archive()).rejects.toThrow(/checksum/);
  expect(await kept()).toEqual(['august-1', 'august-2', 'august-3', 'now']);
  expect(await listUsageMonths(database.pool)).toContain('2026-08');
});

test('B8 several workers at once archive each month once', async () => {
  const archived = await Promise.all(Array.from({ length: 5 }, () => archive()));
  expect(archived.flatMap((months) => months ?? []).sort()).toEqual(['2026-07', '2026-08']);
});

test('B8 a worker that finds another at work does not tell that all is archived', async () => {
  const told: boolean[] = [];
  const options = { pool: database.pool, log, folder, retentionMs, clock: { now: () => Date.now() } };
  const look = async () => {
    await startUsageArchive({ ...options, onLooked: (isDone) => told.push(isDone) }).stop();
  };
  await withArchiveLock(database.pool, async () => {
    expect(await archive()).toBeNull();
    await look();
  });
  expect(told).toEqual([]);
});

test('B8 a month that could not be read to its end leaves no part of a file', async () => {
  const client = await database.pool.connect();
  let fetches = 0;
  const breaking = {
    query: (text: string) =>
      text.startsWith('fetch') && ++fetches === 2 ? Promise.reject(new Error('it broke off')) : client.query(text),
  } as unknown as typeof client;
  try {
    await expect(writeUsageMonth(breaking, '2026-08', fileOf('2026-08'))).rejects.toThrow(/broke off/);
  } finally {
    client.release();
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('B8 a month that somebody reads is dropped as soon as it is free, and usage goes on meanwhile', async () => {
  const reader = await database.pool.connect();
  await reader.query('begin; select from usage_events');
  const archiving = archive();
  for (let i = 0; i < 10; i++) await postUsage(database.pool, [priced(account, `meanwhile-${i}`, '0.01')]);
  expect(await kept()).toContain('july');
  await reader.query('commit');
  reader.release();
  expect(await archiving).toEqual(['2026-07', '2026-08']);
});

test('B8 a month comes back from its file: its ids are known again, and it leaves again when its time is over', async () => {
  await archive();
  const file = readFileSync(fileOf('2026-08'));
  const restore = () => restoreUsage({ pool: database.owner, folder, month: '2026-08', keptDays: 7 });
  expect(await restore()).toEqual({ events: 3, leftOut: 0 });
  expect(await restore()).toEqual({ events: 3, leftOut: 0 });
  expect(await kept()).toEqual(['august-1', 'august-2', 'august-3', 'now']);
  const again = [priced(account, 'august-2', '0.000000001'), priced(account, 'august-3', '3.00', { inputTokens: 9 })];
  expect([...(await postUsage(database.pool, again)).notPosted.values()]).toEqual(['duplicate', 'event_conflict']);
  expect(await archive(Date.now())).toEqual([]);
  await database.owner.query(`update usage_archives set kept_until = now() - interval '1 second'`);
  expect(await archive(Date.now())).toEqual(['2026-08']);
  expect(readFileSync(fileOf('2026-08'))).toEqual(file);
  expect(await kept()).toEqual(['now']);
});

test('B3, B8 an id that was posted again since its month had left stands once when the month comes back', async () => {
  await archive();
  await postUsage(database.pool, [priced(account, 'august-2', '7.00', { inputTokens: 9 })]);
  const restore = () => restoreUsage({ pool: database.owner, folder, month: '2026-08', keptDays: 7 });
  expect(await restore()).toEqual({ events: 2, leftOut: 1 });
  expect(await restore()).toEqual({ events: 2, leftOut: 1 });
  expect(await kept()).toEqual(['august-1', 'august-2', 'august-3', 'now']);
  expect(await findViolations(database.pool)).toEqual([]);
  const again = [priced(account, 'august-2', '7.00', { inputTokens: 9 })];
  expect([...(await postUsage(database.pool, again)).notPosted.values()]).toEqual(['duplicate']);
  const reversal = {
    accountId: account,
    eventId: 'august-2',
    reason: 'test',
    actor: 'admin:test',
    idempotencyKey: 'r',
  };
  const reversed = await transaction(database.pool, (tx) => postUsageReversal(tx, reversal));
  expect(reversed).toMatchObject({ kind: 'posted', line: { amount: 7_000_000_000n } });
  await database.owner.query(`update usage_archives set kept_until = now() - interval '1 second'`);
  expect(await archive(Date.now())).toEqual(['2026-08']);
  expect(await findViolations(database.pool)).toEqual([]);
});

test('B6, B8 an id that is posted again is reversed by itself, although its archived twin was reversed', async () => {
  const reverse = (idempotencyKey: string) =>
    transaction(database.pool, (tx) =>
      postUsageReversal(tx, {
        accountId: account,
        eventId: 'august-3',
        reason: 'test',
        actor: 'admin:test',
        idempotencyKey,
      }),
    );
  expect(await reverse('first')).toMatchObject({ kind: 'posted', line: { amount: 3_000_000_000n } });
  await archive();
  expect((await reverse('second')).kind).toBe('already_reversed');
  await postUsage(database.pool, [priced(account, 'august-3', '7.00', { inputTokens: 9 })]);
  expect(await reverse('first')).toMatchObject({ kind: 'posted', repeated: true, line: { amount: 3_000_000_000n } });
  expect(await reverse('third')).toMatchObject({ kind: 'posted', line: { amount: 7_000_000_000n } });
  expect((await reverse('fourth')).kind).toBe('already_reversed');
  // The older one comes back beside it, or stays out: what was reversed stays so.
  const restored = await restoreUsage({ pool: database.owner, folder, month: '2026-08', keptDays: 7 });
  expect(restored).toEqual({ events: 2, leftOut: 1 });
  expect((await reverse('fifth')).kind).toBe('already_reversed');
  expect(await findViolations(database.pool)).toEqual([]);
  await database.owner.query(`update usage_archives set kept_until = now() - interval '1 second'`);
  await archive(Date.now());
});

test('B3, B8 an id that is posted while its month comes back stands once', async () => {
  const events = Array.from({ length: 40 }, (_, nth) => priced(account, `both-${nth}`, '0.01'));
  await postIn('2026-06', events);
  await archive();
  const restoring = restoreUsage({ pool: database.owner, folder, month: '2026-06', keptDays: 7 });
  const posted = await Promise.all(events.map((event) => postUsage(database.pool, [event])));
  const { events: restored, leftOut } = await restoring;
  const isNew = posted.filter(({ notPosted }) => notPosted.size === 0).length;
  expect([restored + leftOut, leftOut]).toEqual([40, isNew]);
  expect((await kept()).filter((id) => id.startsWith('both'))).toHaveLength(40);
});

test('B8 a month comes back when nobody reads any more, and usage goes on meanwhile', async () => {
  await archive();
  const reader = await database.pool.connect();
  await reader.query('begin; select from usage_events');
  const restoring = restoreUsage({ pool: database.owner, folder, month: '2026-08', keptDays: 7 });
  await until(
    () => database.pool.query(`select from pg_locks where not granted and relation = 'usage_events'::regclass`),
    ({ rowCount }) => rowCount! > 0,
  );
  for (let i = 0; i < 10; i++) await postUsage(database.pool, [priced(account, `meanwhile-${i}`, '0.01')]);
  expect(await kept()).not.toContain('august-1');
  await reader.query('commit');
  reader.release();
  expect(await restoring).toEqual({ events: 3, leftOut: 0 });
  expect(await kept()).toContain('august-1');
});

test('B8 a restore that is cut off leaves nothing, and a damaged file is not restored', async () => {
  await archive();
  writeFileSync(fileOf('2026-08'), 'something else');
  const restore = () => restoreUsage({ pool: database.owner, folder, month: '2026-08', keptDays: 7 });
  await expect(restore()).rejects.toThrow(/checksum/);
  await expect(restoreUsage({ pool: database.owner, folder, month: '2026-01', keptDays: 7 })).rejects.toThrow(
    /no archive/,
  );
  expect(await kept()).toEqual(['now']);
});

test('B8 the API says of archived usage where it is, and of a reversal of it', async () => {
  await archive();
  const api = await startTestApi({ database });
  const ask = (method: string, path: string, more: Asked = {}) => api.ask(method, path, { key: api.admin, ...more });
  const body = { accountId: account, eventId: 'august-1', reason: 'test' };
  const reverse = (key: string) => ask('POST', '/v1/usage/reversals', { body, headers: { 'Idempotency-Key': key } });
  try {
    const { body: list } = await ask('GET', `/v1/accounts/${account}/transactions/2/events`);
    expect(list).toEqual({ data: [], nextCursor: null, archived: 'usage-2026-08.ndjson.gz' });
    const { body: now } = await ask('GET', `/v1/accounts/${account}/transactions/4/events`);
    expect(now).toMatchObject({ data: [{ id: 'now', kind: 'text' }] });
    expect(now).not.toHaveProperty('archived');
    const refused = await reverse('r1');
    expect([refused.status, refused.body.code]).toEqual([404, 'not_found']);
    expect(refused.body.detail).toMatch(/usage-2026-08\.ndjson\.gz/);
    expect(refused.body.archives).toContainEqual({ month: '2026-08', file: 'usage-2026-08.ndjson.gz' });
    await restoreUsage({ pool: database.owner, folder, month: '2026-08', keptDays: 7 });
    expect((await reverse('r1')).status).toBe(201);
    await database.owner.query(`update usage_archives set kept_until = null`);
    await archive();
    expect((await reverse('r1')).status).toBe(201);
    expect((await reverse('r2')).body.code).toBe('already_reversed');
  } finally {
    await api.close();
  }
});
