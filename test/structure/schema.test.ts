/** The schema reads in one place: functions in files of their own, ledger/schema.sql as the whole of today, rules written once. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOpen, type PaymentStatus } from '../../domain/paymentStates';
import { describeSchema, SCHEMA_FILE, SCHEMA_HEAD } from '../../dev/schema';
import { readSchemaFiles } from '../../ledger/migrate';
import { createTestDatabase, type TestDatabase } from '../support/database';

const ledger = join(__dirname, '..', '..', 'ledger');
let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

test('ledger/schema.sql is the schema of today: `npm run schema:save` writes it', async () => {
  expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(SCHEMA_HEAD + (await describeSchema(database.pool)));
});

test('each function, trigger and view stands in ledger/functions, and only there', async () => {
  const { functions, migrations } = readSchemaFiles();
  const created = (text: string) =>
    [...text.matchAll(/^create (?:or replace )?(?:function|trigger|view) (\w+)/gm)].map(([, name]) => name!);
  const { rows } = await database.pool.query<{ name: string }>(`
    select proname as name from pg_proc where pronamespace = 'public'::regnamespace
    union all select tgname from pg_trigger where not tgisinternal and tgparentid = 0
    union all select relname from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace`);
  expect(rows.map(({ name }) => name).sort()).toEqual(functions.flatMap(({ text }) => created(text)).sort());
  expect(migrations.flatMap(({ text }) => created(text))).toEqual([]);
});

test.each([
  ['what an open payment is', /status (not )?in \('processing', 'requires_action'\)/, ['payment_is_open.sql']],
  ['what reloads have spent in a month', /date_trunc\('month', \w+ at time zone/, ['reload_spend.sql']],
  // A trigger can not update the row that it is called for: it counts in it.
  ["the workflow's news", /news \+ 1/, ['count_falls.sql', 'raise_news.sql']],
  ['when the reload in flight is due', /set reload_due_at =/, ['sync_reload_due.sql']],
])('%s is written in one place, not in the queries', (_, pattern, functions) => {
  const queries = readdirSync(ledger, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  expect(queries.filter((file) => pattern.test(readFileSync(join(ledger, file), 'utf8')))).toEqual([]);
  expect(
    readSchemaFiles()
      .functions.filter(({ text }) => pattern.test(text.replace('p_status', 'status')))
      .map(({ name }) => name),
  ).toEqual(functions);
});

test('what an open payment is, is the same in the state table and in Postgres', async () => {
  const { rows } = await database.pool.query<{ status: PaymentStatus; open: boolean }>(
    `select status, payment_is_open(status) as open
     from pg_constraint, regexp_matches(pg_get_constraintdef(oid), '''(\\w+)''::text', 'g') found(parts), unnest(parts) status
     where conrelid = 'payments'::regclass and conname = 'payments_status_check'`,
  );
  expect(rows.map(({ status }) => status)).toEqual(expect.arrayContaining(['processing', 'succeeded', 'quarantined']));
  expect(rows.filter(({ status, open }) => open !== isOpen({ status }))).toEqual([]);
});
