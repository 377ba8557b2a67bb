/** The schema reads in one place: functions in files of their own, ledger/schema.sql as the whole of today, rules written once. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  ['what an open payment is', /status (not )?in \('processing', 'requires_action'\)/],
  ["the workflow's news", /news = news/],
  ['when the reload in flight is due', /set reload_due_at =/],
])('%s is written in one function, not in the queries', (_, pattern) => {
  const queries = readdirSync(ledger, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  expect(queries.filter((file) => pattern.test(readFileSync(join(ledger, file), 'utf8')))).toEqual([]);
  expect(
    readSchemaFiles().functions.filter(({ text }) => pattern.test(text.replace('p_status', 'status'))),
  ).toHaveLength(1);
});
