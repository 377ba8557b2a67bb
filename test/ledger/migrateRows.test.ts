/** Rows of earlier releases, before and after the migrations that change them. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { listMembers } from '../../ledger/accounts/listMembers';
import { transaction } from '../../ledger/db';
import { migrate } from '../../ledger/migrate';
import { postNotice } from '../../ledger/notices/postNotice';
import { findViolations } from '../../ledger/transactions/findViolations';
import { findUsageEvents } from '../../ledger/usage/findUsageEvents';
import { postUsage } from '../../ledger/usage/postUsage';
import { postUsageReversal } from '../../ledger/usage/postUsageReversal';
import { readUsage } from '../../ledger/usage/readUsage';
import { sumUsage } from '../../ledger/usage/sumUsage';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { priced } from '../support/ledgerAccount';
import { migrateUpTo } from '../support/olderSchema';

let database: TestDatabase;
let pool: Pool;
beforeEach(async () => {
  database = await createTestDatabase();
  pool = database.owner;
});
afterEach(() => database.drop());

const all = { from: null, to: null };

describe('000241: usage by month', () => {
  const DAY = '2026-11-01';
  const atMs = Date.parse(`${DAY}T12:00:00Z`);
  /** As the release of 2026-11-25 posted them: text, an image, and one that was reversed since. */
  beforeEach(async () => {
    await pool.query('drop schema public cascade; create schema public');
    await pool.query(readFileSync(join(__dirname, 'schemas', '2026-11-25.sql'), 'utf8'));
    for (const account of ['one', 'two']) {
      await pool.query("insert into accounts (id, name, tier) values ($1, $1, 'standard')", [account]);
      await pool.query('insert into balances (account_id) values ($1)', [account]);
      await pool.query(
        "select post_line($1, 'adjustment', 'adjustments', 50000000000, 'adjustment/' || $1, 'test', 'test')",
        [account],
      );
    }
    const post = (accounts: string[], placesOf: number[], ids: string[], images: number[], costs: number[]) =>
      pool.query(`select post_usage($1, $2, $3, $4, $5, null, $6, $7, null, $8, $9, null)`, [
        accounts,
        placesOf,
        ids,
        ids.map(() => 'model'),
        ids.map(() => 7),
        ids.map(() => 3),
        images,
        ids.map(() => atMs),
        costs,
      ]);
    await post(['one', 'two'], [1, 1, 1, 2], ['text', 'image', 'wrong', 'text'], [0, 2, 0, 0], [1e9, 2e9, 4e9, 8e9]);
    await post(['one'], [1], ['later'], [0], [16e9]);
    const { rows } = await pool.query<{ sequence: bigint }>(
      "select (line).sequence from post_line('one', 'usage_reversal', 'usage', 4000000000, 'usage_reversal/one/k', 'event/wrong', 'test')",
    );
    await pool.query(
      "insert into usage_reversals (account_id, event_id, sequence, reason, actor) values ('one', 'wrong', $1, 'test', 'test')",
      [rows[0]!.sequence],
    );
    await migrate(pool);
  });

  test('B7 what was posted is in the sums, by its kind, and what was reversed is in none', async () => {
    const expected = [
      { day: DAY, kind: 'image', requests: 1, images: 2, cost: 2_000_000_000n },
      { day: DAY, kind: 'text', requests: 2, images: 0, cost: 17_000_000_000n },
    ];
    expect(await readUsage(pool, 'one', all, ['day', 'kind'])).toMatchObject(expected);
    expect(await findViolations(pool)).toEqual([]);
    while ((await sumUsage(pool, 1)) > 0);
    expect(await readUsage(pool, 'one', all, ['day', 'kind'])).toMatchObject(expected);
    expect(await readUsage(pool, 'two', all, [])).toMatchObject([{ requests: 1, inputTokens: 7, outputTokens: 3 }]);
    expect(await findViolations(pool)).toEqual([]);
  });

  test('B3, B6 each event is known by its id, with the posting of its line, and can be reversed once', async () => {
    const { notPosted } = await postUsage(pool, [
      priced('one', 'text', '1.00', { inputTokens: 7, outputTokens: 3, atMs, model: 'model' }),
      priced('one', 'later', '1.00', { inputTokens: 8, outputTokens: 3, atMs, model: 'model' }),
    ]);
    expect([...notPosted]).toEqual([
      [0, 'duplicate'],
      [1, 'event_conflict'],
    ]);
    const reverse = (eventId: string) =>
      transaction(pool, (tx) =>
        postUsageReversal(tx, {
          accountId: 'one',
          eventId,
          reason: 'test',
          actor: 'test',
          idempotencyKey: randomUUID(),
        }),
      );
    expect(await reverse('wrong')).toMatchObject({ kind: 'already_reversed' });
    expect(await reverse('image')).toMatchObject({ kind: 'posted' });
    expect(await readUsage(pool, 'one', all, ['kind'])).toMatchObject([{ kind: 'text', requests: 2 }]);
    const [wrong] = await findUsageEvents(pool, [{ accountId: 'one', id: 'wrong' }]);
    const { rows } = await pool.query("select posting from usage_reversals where event_id = 'wrong'");
    expect(rows).toEqual([{ posting: wrong!.posting }]);
    expect(await findViolations(pool)).toEqual([]);
  });

  test('B8 it lies in the partition of the month in which the migration ran', async () => {
    const { rows } = await pool.query<{ place: string; month: string; count: number }>(
      `select tableoid::regclass::text as place, to_char(taken_at at time zone 'UTC', 'YYYY_MM') as month, count(*)::int as count
       from usage_events group by 1, 2`,
    );
    expect(rows).toEqual([{ place: `usage_events_${rows[0]!.month}`, month: expect.any(String), count: 5 }]);
  });
});

test('N1 after 000300 nobody is told of falls from before it; the next one counts, and guards stay as they were', async () => {
  await migrateUpTo(pool, '000300');
  await pool.query(`
    insert into accounts (id, name, tier) select id, id, 'standard' from unnest('{low,empty,fine}'::text[]) id;
    insert into balances (account_id, balance_nano) values ('low', 4000000000), ('empty', 0), ('fine', 90000000000);
    insert into account_states (account_id, blocked_by, told_suspended, told_low) values
      ('low', 'monthly_limit', 'never', true), ('empty', 'breaker', 'told', true), ('fine', null, 'never', false)`);
  await migrate(pool);
  const counts = async () =>
    (
      await pool.query(
        `select b.account_id as id, suspensions, lows, seen_suspensions, told_lows, blocked_by
         from balances b join account_states using (account_id) order by 1`,
      )
    ).rows;
  const none = { suspensions: 0n, lows: 0n, seen_suspensions: 0n, told_lows: 0n };
  expect(await counts()).toEqual([
    { id: 'empty', ...none, blocked_by: 'breaker' },
    { id: 'fine', ...none, blocked_by: null },
    { id: 'low', ...none, blocked_by: 'monthly_limit' },
  ]);
  await pool.query('update balances set balance_nano = 0');
  await pool.query("update account_states set blocked_by = 'pending_payment' where account_id = 'fine'");
  expect(await counts()).toEqual([
    { id: 'empty', ...none, blocked_by: 'breaker' },
    { id: 'fine', ...none, suspensions: 1n, lows: 1n, blocked_by: 'pending_payment' },
    { id: 'low', ...none, suspensions: 1n, blocked_by: 'monthly_limit' },
  ]);
});

test('N1 after 000301 members from before it go on getting mail; whoever is invited since does not yet', async () => {
  await migrateUpTo(pool, '000301');
  await pool.query(`
    insert into accounts (id, name, tier) values ('acme', 'Acme', 'standard');
    insert into balances (account_id) values ('acme');
    insert into account_states (account_id) values ('acme');
    insert into members (account_id, name, email, role) values
      ('acme', 'Owner', 'owner@acme.example', 'owner'), ('acme', 'Member', 'member@acme.example', 'member')`);
  const { rows: notices } = await pool.query<{ id: string }>(
    "insert into notices (account_id, kind, key, data) values ('acme', 'suspended', 'suspended/acme/1', '{}') returning id",
  );
  await pool.query(
    `insert into notice_deliveries (notice_id, recipient, status) values ($1, 'owner@acme.example', 'pending'), ($1, 'gone@acme.example', 'failed')`,
    [notices[0]!.id],
  );
  await migrate(pool);
  expect(await listMembers(pool, 'acme')).toMatchObject([{ confirmed: true }, { confirmed: true }]);
  const { rows } = await pool.query('select recipient, status, folds from notice_deliveries order by recipient');
  expect(rows).toEqual([
    { recipient: 'gone@acme.example', status: 'failed', folds: 0 },
    { recipient: 'owner@acme.example', status: 'pending', folds: 0 },
  ]);
  await pool.query(
    "insert into members (account_id, name, email, role) values ('acme', 'New', 'new@acme.example', 'owner')",
  );
  await postNotice(pool, 'acme', 'resumed/acme/1', { kind: 'resumed', available: '25.00' });
  const { rows: told } = await pool.query(
    "select recipient from notice_deliveries d join notices n on n.id = d.notice_id where n.kind = 'resumed'",
  );
  expect(told).toEqual([{ recipient: 'owner@acme.example' }]);
});
