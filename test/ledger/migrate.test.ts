import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type Pool } from 'pg';
import { describeSchema } from '../../dev/schema';
import { openPool } from '../../ledger/db';
import { migrate, migrateOrWait, readSchemaFiles, type SchemaFiles } from '../../ledger/migrate';
import { findViolations } from '../../ledger/transactions/findViolations';
import { postUsage } from '../../ledger/usage/postUsage';
import { listUsageOfLine } from '../../ledger/usage/listUsageOfLine';
import { readUsage } from '../../ledger/usage/readUsage';
import { sumUsage } from '../../ledger/usage/sumUsage';
import { createTestDatabase } from '../support/database';
import { priced } from '../support/ledgerAccount';
import { until } from '../support/notices';
import { migrateUpTo } from '../support/olderSchema';

/** Runs in a database whose schema is empty. */
async function withEmptySchema(work: (pool: Pool) => Promise<void>): Promise<void> {
  const database = await createTestDatabase();
  await database.owner.query('drop schema public cascade; create schema public');
  await work(database.owner).finally(() => database.drop());
}

const oldSchema = readFileSync(join(__dirname, 'schemas', '2026-11-25.sql'), 'utf8');

test('ten simultaneous migrations of a migrated database change nothing', async () => {
  const database = await createTestDatabase();
  const results = await Promise.all(Array.from({ length: 10 }, () => migrate(database.owner)));
  expect(results.flat()).toEqual([]);
  await database.drop();
});

test('a connection that is left open fails the test that left it', async () => {
  const database = await createTestDatabase({ leakPatienceMs: 500 });
  const leaked = new Client({ connectionString: database.url, application_name: 'leaky' });
  leaked.on('error', () => {});
  await leaked.connect();
  await expect(database.drop()).rejects.toThrow(/left open by: leaky/);
  await leaked.end().catch(() => {});
});

test('ten simultaneous migrations of an empty database apply each once', async () => {
  const database = await createTestDatabase();
  await database.owner.query('drop schema public cascade; create schema public');
  const pools = Array.from({ length: 10 }, () => openPool(database.ownerUrl, { connectionsMax: 1 }));
  const applied = (await Promise.all(pools.map((pool) => migrate(pool)))).flat();
  // One of them brings the schema up to date; the indexes that are built after it may be another's.
  const { migrations, functions } = readSchemaFiles();
  expect(applied.sort()).toEqual([...migrations, ...functions].map(({ name }) => name).sort());
  await Promise.all(pools.map((pool) => pool.end()));
  await database.drop();
});

test('a function whose text has changed is applied again, the others are not', async () => {
  const database = await createTestDatabase();
  const before = await describeSchema(database.pool);
  await database.owner.query(`
    create or replace function payment_is_open(p_status text) returns boolean language sql immutable as 'select true';
    update functions set hash = 'of another text' where name = 'payment_is_open.sql'`);
  expect(await migrate(database.owner)).toEqual(['payment_is_open.sql']);
  expect(await describeSchema(database.pool)).toBe(before);
  await database.drop();
});

test('a change of schema that fails leaves the database as it was', async () => {
  const database = await createTestDatabase();
  const before = await describeSchema(database.pool);
  const files = readSchemaFiles();
  const migration = { name: '999998-new.sql', text: 'create table something (id int)', hash: '' };
  const broken = { name: 'broken.sql', text: 'create view broken as select nothing', hash: '' };
  await expect(
    migrate(database.owner, {
      migrations: [...files.migrations, migration],
      functions: [...files.functions, broken],
    }),
  ).rejects.toThrow(/nothing/);
  expect(await describeSchema(database.pool)).toBe(before);
  await database.drop();
});

test('a change of schema that waits for a table gives up, lets others go first, and is tried again', async () => {
  const database = await createTestDatabase();
  const files = readSchemaFiles();
  const migration = { name: '999998-wider.sql', text: 'alter table audit add column more text', hash: '' };
  const reader = await database.pool.connect();
  await reader.query('begin; select from audit');
  const migrating = migrate(database.owner, { ...files, migrations: [...files.migrations, migration] });
  await until(
    () => database.pool.query(`select from pg_locks where not granted and relation = 'audit'::regclass`),
    ({ rowCount }) => rowCount! > 0,
  );
  // Each waits behind the alter table, for as long as one try of it lasts.
  for (let i = 0; i < 5; i++) expect((await database.pool.query('select from audit')).rowCount).toBe(0);
  await reader.query('commit');
  reader.release();
  expect(await migrating).toContain('999998-wider.sql');
  await database.drop();
});

test('a statement of a migration that takes too long is undone, and the message says what allows more', async () => {
  const database = await createTestDatabase();
  const before = await describeSchema(database.pool);
  const files = readSchemaFiles();
  const slow = { name: '999998-slow.sql', text: 'create table t (id int); select pg_sleep(60)', hash: '' };
  const migrating = migrate(database.owner, { ...files, migrations: [slow] }, { statementMsMax: 1_000 });
  await expect(migrating).rejects.toThrow(/999998-slow\.sql took longer than 1000 ms.*MIGRATE_STATEMENT_TIMEOUT/);
  expect(await describeSchema(database.pool)).toBe(before);
  await database.drop();
});

test('an index of a large table is built while others write, and again after a build that was cut off', async () => {
  const database = await createTestDatabase();
  const files = readSchemaFiles();
  const text = `-- Finds audits by who acted.
drop index concurrently if exists audit_by_actor;
create index concurrently audit_by_actor on audit (actor);
`;
  const withIndex = {
    ...files,
    migrations: [...files.migrations, { name: '999998-x.concurrently.sql', text, hash: '' }],
  };
  const insert = `insert into audit (actor, action, details) values ('x', 'test', '{}')`;
  const writer = await database.pool.connect();
  await writer.query(`begin; ${insert}`);
  const migrating = migrate(database.owner, withIndex);
  await until(
    () => database.owner.query(`select from pg_index where indexrelid = to_regclass('audit_by_actor')`),
    ({ rowCount }) => rowCount === 1,
  );
  // The build waits for the writer, and others do not wait for the build.
  await database.pool.query(insert);
  await writer.query('commit');
  writer.release();
  expect(await migrating).toEqual(['999998-x.concurrently.sql']);
  const isValid = `select indisvalid as valid from pg_index where indexrelid = 'audit_by_actor'::regclass`;
  expect((await database.owner.query(isValid)).rows).toEqual([{ valid: true }]);
  await database.owner.query(`delete from migrations where name like '999998%'`);
  expect(await migrate(database.owner, withIndex)).toEqual(['999998-x.concurrently.sql']);
  expect(await migrate(database.owner, withIndex)).toEqual([]);
  await database.drop();
});

test('an older build that starts again on the schema of a newer one leaves it, and serves: as the owner, or as the service', async () => {
  const database = await createTestDatabase();
  const older = readSchemaFiles();
  const newer: SchemaFiles = {
    migrations: [...older.migrations, { name: '999998-new.sql', text: 'create table newer (id int)', hash: '' }],
    functions: older.functions.map((file) =>
      file.name === 'payment_is_open.sql' ? { ...file, text: `${file.text}-- newer`, hash: 'newer' } : file,
    ),
  };
  await migrate(database.owner, newer);
  const hashes = async () => (await database.owner.query('select name, hash from functions order by name')).rows;
  const after = await hashes();
  for (const url of [database.ownerUrl, database.url]) await migrateOrWait(url, { files: older, patienceMs: 0 });
  expect(await hashes()).toEqual(after);
  // Whoever asks for the older functions gets them.
  expect(await migrate(database.owner, older)).toEqual(['payment_is_open.sql']);
  await database.drop();
});

test('B3 usage posted before postings had numbers stands: known by its id, and behind its line', () =>
  withEmptySchema(async (pool) => {
    await migrateUpTo(pool, '000170');
    const event = priced('old', 'a', '1.00');
    await pool.query(`
      insert into accounts (id, name, tier) values ('old', 'old', 'standard');
      insert into balances (account_id, balance_nano, sequence, gate_reasons) values ('old', -1000000000, 1, '{balance_exhausted}');
      insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
        values ('old', 1, 'usage', 'usage', -1000000000, -1000000000, 'usage/old/1', 'usage/1', '1 request')`);
    await pool.query(
      `insert into usage_events (account_id, event_id, sequence, model, input_tokens, cached_input_tokens, output_tokens, images, at, cost_nano)
       values ('old', 'a', 1, $1, $2, 0, $3, 0, now(), $4)`,
      [event.model, event.inputTokens, event.outputTokens, event.cost],
    );

    await migrate(pool);
    const { notPosted } = await postUsage(pool, [event, priced('old', 'b', '1.00')]);
    expect([...notPosted]).toEqual([[0, 'duplicate']]);
    const page = { limit: 10, after: null };
    expect((await listUsageOfLine(pool, 'old', 1, page)).data).toMatchObject([{ id: 'a' }]);
    expect((await listUsageOfLine(pool, 'old', 2, page)).data).toMatchObject([{ id: 'b' }]);
    expect(await findViolations(pool)).toEqual([]);
  }));

test('P3 payments that earlier releases could not explain are quarantined, other failed ones stay failed', () =>
  withEmptySchema(async (pool) => {
    await migrateUpTo(pool, '000170');
    const [aside, failed] = ['6a0f3b0e-6a3c-4a57-9d2f-1d3a5a0f0001', '6a0f3b0e-6a3c-4a57-9d2f-1d3a5a0f0002'];
    await pool.query(`
      insert into accounts (id, name, tier) values ('old', 'old', 'standard');
      insert into payments (id, account_id, purpose, amount_cents, status, actor) values
        ('${aside}', 'old', 'prepayment', 500, 'failed', 'test'), ('${failed}', 'old', 'prepayment', 500, 'failed', 'test');
      insert into decisions (id, account_id, at, kind, rule, because, known)
        values ('set-aside/${aside}', 'old', now(), 'set_aside', 'P3', 'pi_1 received 400 usd', '{}')`);

    await migrate(pool);
    const { rows } = await pool.query('select id, status, quarantined_because as because from payments order by id');
    expect(rows).toEqual([
      { id: aside, status: 'quarantined', because: 'pi_1 received 400 usd' },
      { id: failed, status: 'failed', because: null },
    ]);
  }));

test('B7 usage posted before there were sums is of its kind, reversals know their posting, and the sums leave them out', () =>
  withEmptySchema(async (pool) => {
    await migrateUpTo(pool, '000241');
    await pool.query(`
      insert into accounts (id, name, tier) values ('old', 'old', 'standard');
      insert into balances (account_id, balance_nano, sequence, gate_reasons) values ('old', -1500000000, 2, '{balance_exhausted}');
      insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
        values ('old', 1, 'usage', 'usage', -1750000000, -1750000000, 'usage/old/1', 'usage/7', '3 requests'),
          ('old', 2, 'usage_reversal', 'usage', 250000000, -1500000000, 'usage_reversal/old/1', 'given-back', 'test');
      insert into usage_events (account_id, event_id, sequence, posting, model, input_tokens, cached_input_tokens, output_tokens, images, image_size, at, cost_nano)
        values ('old', 'text', 1, 7, 'm', 7, 0, 1, 0, null, '2026-11-01T10:00:00Z', 1000000000),
          ('old', 'image', 1, 7, 'm', 0, 0, 0, 2, '1024x1024', '2026-11-01T11:00:00Z', 500000000),
          ('old', 'given-back', 1, 7, 'm', 9, 0, 2, 0, null, '2026-11-02T10:00:00Z', 250000000);
      insert into usage_reversals (account_id, event_id, sequence, reason, actor) values ('old', 'given-back', 2, 'test', 'test')`);

    await migrate(pool);
    expect((await pool.query('select event_id, posting from usage_reversals')).rows).toEqual([
      { event_id: 'given-back', posting: 7n },
    ]);
    const read = () => readUsage(pool, 'old', { from: null, to: null }, ['day', 'kind']);
    const sums = [
      { day: '2026-11-01', kind: 'image', requests: 1, inputTokens: 0, outputTokens: 0, images: 2, cost: 500_000_000n },
      {
        day: '2026-11-01',
        kind: 'text',
        requests: 1,
        inputTokens: 7,
        outputTokens: 1,
        images: 0,
        cost: 1_000_000_000n,
      },
    ];
    expect(await read()).toEqual(sums);
    expect(await sumUsage(pool, 100)).toBe(1);
    expect(await read()).toEqual(sums);
    expect(await findViolations(pool)).toEqual([]);
  }));

test('of the platform keys that were there before, the one of the environment is known, and others are not', () =>
  withEmptySchema(async (pool) => {
    await migrateUpTo(pool, '000280');
    await pool.query(`
      insert into api_keys (hash, role, name) values ('\\x01', 'admin', 'ADMIN_KEY'), ('\\x02', 'admin', 'Ada'), ('\\x03', 'service', 'ADMIN_KEY')`);
    await migrate(pool);
    const { rows } = await pool.query('select role, name, of_environment from api_keys order by hash');
    expect(rows).toEqual([
      { role: 'admin', name: 'ADMIN_KEY', of_environment: true },
      { role: 'admin', name: 'Ada', of_environment: false },
      { role: 'service', name: 'ADMIN_KEY', of_environment: false },
    ]);
  }));

test('N2 who was a member before addresses were confirmed goes on getting mail; who comes after is to confirm theirs', () =>
  withEmptySchema(async (pool) => {
    await migrateUpTo(pool, '000301');
    const insert = "insert into members (account_id, name, email, role) values ('old', 'M', $1, 'owner')";
    await pool.query("insert into accounts (id, name, tier) values ('old', 'old', 'standard')");
    await pool.query(insert, ['before@old.example']);
    await migrate(pool);
    await pool.query(insert, ['after@old.example']);
    const { rows } = await pool.query(
      'select email, confirmed_at is not null as confirmed from members order by email',
    );
    expect(rows).toEqual([
      { email: 'after@old.example', confirmed: false },
      { email: 'before@old.example', confirmed: true },
    ]);
  }));

test('B2 a database of the build of 2026-11-25 comes to the schema of today, with its money and usage', () =>
  withEmptySchema(async (pool) => {
    await pool.query(oldSchema);
    await pool.query(`
      insert into accounts (id, name, tier) values ('old', 'old', 'standard');
      insert into balances (account_id) values ('old');
      select post_line('old', 'adjustment', 'adjustments', 5000000000, 'adjustment/old/1', 'test', 'test')`);
    await pool.query(
      `select post_usage('{old}', '{1,1}', '{a,b}', '{m,m}', '{7,8}', null, '{0,0}', null, null, '{1764000000000,1764000000000}', '{1000000000,500000000}', null)`,
    );
    await migrate(pool);

    expect(await describeSchema(pool)).toBe(await withToday(describeSchema));
    expect(await findViolations(pool)).toEqual([]);
    const { notPosted } = await postUsage(pool, [
      priced('old', 'a', '1.00', { inputTokens: 7 }),
      priced('old', 'b', '0.50', { inputTokens: 9 }),
      priced('old', 'c', '1.00'),
    ]);
    expect([...notPosted]).toEqual([
      [0, 'duplicate'],
      [1, 'event_conflict'],
    ]);
    expect((await listUsageOfLine(pool, 'old', 2, { limit: 10, after: null })).data).toMatchObject([
      { id: 'a' },
      { id: 'b' },
    ]);
    const { rows } = await pool.query(`select balance_nano, sequence, gate_state from balances`);
    expect(rows).toEqual([{ balance_nano: 2_500_000_000n, sequence: 3n, gate_state: 'low' }]);
    expect(await findViolations(pool)).toEqual([]);
  }));

async function withToday<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
  const database = await createTestDatabase();
  try {
    return await work(database.pool);
  } finally {
    await database.drop();
  }
}
