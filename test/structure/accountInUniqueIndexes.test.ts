/** docs/scale.md says which unique indexes do not have the account, and why: tables could be divided over machines by it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'scale.md'), 'utf8');
/** Of the rows of the table below `unique index`: the indexes in the first column. */
const explained = page
  .slice(page.indexOf('| unique index |'))
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => [...line.split(' | ')[0]!.matchAll(/`([^`]+)`/g)].map(([, index]) => index!));

test('every unique index has the account, but for those that docs/scale.md explains', async () => {
  const { rows } = await database.pool.query<{ described: string }>(`
    select t.relname || ' (' || c.columns || ')' as described
    from pg_index i join pg_class t on t.oid = i.indrelid
    cross join lateral (
      select string_agg(pg_get_indexdef(i.indexrelid, place, true), ', ' order by place) as columns
      from generate_series(1, i.indnkeyatts) place) c
    where i.indisunique and t.relnamespace = 'public'::regnamespace and not t.relispartition
      and 'account_id' <> all (string_to_array(c.columns, ', '))`);
  expect(rows.map(({ described }) => described).sort()).toEqual([...explained].sort());
});
