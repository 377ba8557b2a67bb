import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPool } from '../../ledger/db';
import { migrate, migrateOrWait } from '../../ledger/migrate';
import { loginOf, prepareDatabase } from '../../ledger/prepareDatabase';
import { postUsage } from '../../ledger/usage/postUsage';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount, priced } from '../support/ledgerAccount';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const account = await openAccount(database.pool, 'a');
  await credit(database.pool, account, '5.00');
  await postUsage(database.pool, [priced(account, 'e', '1.00')]);
});
afterAll(() => database.drop());

const appendOnly = [
  'audit',
  'consents',
  'decisions',
  'ledger_lines',
  'usage_events',
  'usage_reversals',
  'usage_archives',
];

test.each(appendOnly)("B2 the service's own role can not change, delete or empty %s", async (table) => {
  const column = table === 'usage_archives' ? 'written_at' : 'at';
  for (const statement of [`update ${table} set ${column} = now()`, `delete from ${table}`, `truncate ${table}`])
    await expect(database.pool.query(statement)).rejects.toThrow(/permission denied|append-only/);
  await expect(database.pool.query(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' });
});

test.each([
  ['switch triggers off for its session', `set session_replication_role = replica`],
  ['disable the triggers of a table', 'alter table ledger_lines disable trigger ledger_lines_append_only'],
  ['drop a trigger', 'drop trigger ledger_lines_append_only on ledger_lines'],
  [
    'replace the function that refuses',
    `create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'`,
  ],
  ['replace the function that posts', `create or replace function post_line() returns int language sql as 'select 1'`],
  ['drop a table', 'drop table ledger_lines'],
  ['make a table', 'create table something (id int)'],
  ['become the owner', 'set role ballast'],
  ['give itself more', 'grant delete on ledger_lines to ballast_service'],
  ['become a superuser', 'alter role ballast_service superuser'],
  ['post usage into the past', `insert into usage_events (taken_at) values (now() - interval '1 year')`],
  ['write to a month of usage behind the back of its table', 'insert into usage_events_other default values'],
  [
    'call a month archived that it has not archived',
    `insert into usage_archives (month, dropped_at) values ('2020-01', now())`,
  ],
  ['drop a month that is in no file', `select drop_usage_month(to_char(now(), 'YYYY-MM'))`],
  ['take a migration for done', `insert into migrations (name) values ('999999-x.sql')`],
])("B2 the service's own role can not %s", async (_, statement) => {
  const { rows: before } = await database.owner.query('select count(*) from ledger_lines');
  const outcome = await database.pool.query(statement).then(
    () => 'done',
    (error: Error) => error.message,
  );
  // Postgres only warns of a grant by one who may grant nothing.
  if (!statement.startsWith('grant'))
    expect(outcome).toMatch(/permission denied|must be owner|only roles with|is in no file/i);
  const { rows } = await database.owner.query(
    `select (select count(*) from ledger_lines) as count, has_table_privilege('ballast_service', 'ledger_lines', 'delete') as may`,
  );
  expect(rows).toEqual([{ ...before[0], may: false }]);
});

test("B2 the service's role owns nothing, and only what runs as the owner runs as another", async () => {
  const { rows } = await database.owner.query(`
    select relname as name from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = 'ballast_service'
    union all select proname from pg_proc p join pg_roles r on r.oid = p.proowner where r.rolname = 'ballast_service'`);
  expect(rows).toEqual([]);
  const { rows: asOwner } = await database.owner.query(
    `select proname as name from pg_proc where prosecdef and pronamespace = 'public'::regnamespace order by 1`,
  );
  expect(asOwner).toEqual([
    { name: 'create_usage_month' },
    { name: 'drop_usage_month' },
    { name: 'erase_account' },
    { name: 'erase_history' },
    { name: 'erase_told' },
  ]);
  // Any role that may connect could call them otherwise.
  const { rows: forAll } = await database.owner.query(
    `select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace and has_function_privilege('public', oid, 'execute')`,
  );
  expect(forAll).toEqual([]);
});

test("9.23 Temporal's role in docker-compose.yml owns its databases, and can read or change nothing of Ballast's", async () => {
  const script = readFileSync(join(__dirname, '..', '..', 'dev', 'compose', 'temporal.sh'), 'utf8');
  const name = `temporal_${randomBytes(4).toString('hex')}`;
  const statements = script
    .match(/^create .*;$/gm)!
    .map((line) => line.replaceAll('temporal', name).replace(":'password'", `'x'`));
  expect(statements).toHaveLength(3);
  const urlOf = (base: string, database?: string): string => {
    const url = new URL(base);
    [url.username, url.password] = [name, 'x'];
    if (database !== undefined) url.pathname = `/${database}`;
    return url.href;
  };
  for (const statement of statements) await database.owner.query(statement);
  const temporal = openPool(urlOf(database.ownerUrl), { applicationName: 'temporal', connectionsMax: 1 });
  const own = openPool(urlOf(database.ownerUrl, name), { applicationName: 'temporal', connectionsMax: 1 });
  try {
    for (const statement of [
      'select * from ledger_lines',
      'select * from api_keys',
      `select erase_account('a')`,
      `select erase_history('a', 1)`,
      `select drop_usage_month('2020-01')`,
      'create table something (id int)',
      'set session_replication_role = replica',
      'set role ballast_service',
      'create database another',
    ])
      await expect(temporal.query(statement)).rejects.toMatchObject({ code: '42501' });
    await own.query('create table executions (id int)');
  } finally {
    await temporal.end();
    await own.end();
    for (const suffix of ['', '_visibility']) await database.owner.query(`drop database ${name}${suffix} with (force)`);
    await database.owner.query(`drop role ${name}`);
  }
});

test('what an earlier schema gave the role is taken away, and a repeat changes nothing, also at once', async () => {
  await database.owner.query('grant delete on ledger_lines to ballast_service');
  const roles = { ownerUrl: database.ownerUrl, serviceUrl: database.url };
  const applied = await Promise.all(Array.from({ length: 5 }, () => prepareDatabase(roles)));
  expect(applied).toEqual([[], [], [], [], []]);
  await expect(database.pool.query('delete from ledger_lines')).rejects.toMatchObject({ code: '42501' });
  await credit(database.pool, 'a', '1.00');
});

test.each([
  ['superuser', /is a superuser/],
  ['role that is a member of the owner', /is a member of ballast/],
])('a %s is not taken for the service', async (kind, message) => {
  const name = kind === 'superuser' ? 'too_mighty' : 'too_close';
  await database.owner.query(`drop role if exists ${name}`);
  await database.owner.query(
    kind === 'superuser' ? `create role ${name} login superuser` : `create role ${name} login in role ballast`,
  );
  const url = new URL(database.ownerUrl);
  url.username = name;
  await expect(prepareDatabase({ ownerUrl: database.ownerUrl, serviceUrl: url.href })).rejects.toThrow(message);
  await database.owner.query(`drop owned by ${name}; drop role ${name}`);
});

test('one role for all still works: it migrates by itself', async () => {
  expect(loginOf(database.ownerUrl).user).toBe('ballast');
  expect(await prepareDatabase({ ownerUrl: database.ownerUrl, serviceUrl: database.ownerUrl })).toEqual([]);
});

test('a process of the service that starts before the migration waits for it, and says so when it never comes', async () => {
  const other = await createTestDatabase();
  await other.owner.query('drop schema public cascade; create schema public');
  await expect(migrateOrWait(other.url, { patienceMs: 300 })).rejects.toThrow(/migrate as the owner/);
  const waiting = migrateOrWait(other.url);
  await sleep(700);
  await prepareDatabase({ ownerUrl: other.ownerUrl, serviceUrl: other.url });
  await waiting;
  expect(await migrate(other.pool)).toEqual([]);
  await other.drop();
});
