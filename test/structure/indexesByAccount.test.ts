/** What an account has is found by an index, however many other accounts there are: whoever adds a table thinks of it. */
import { createTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

/** Tables that nobody asks for all of an account, and why. */
const BY_SOMETHING_ELSE: Record<string, string> = {
  usage_events: 'asked for by id, and by the posting that a ledger line names',
  stripe_events: 'asked for by their ids',
  unexplained: 'few, and listed for all accounts',
};

test('every table with an account has an index of all its rows that begins with it', async () => {
  const { rows } = await database.pool.query<{ name: string }>(`
    select t.relname as name from pg_class t
    join pg_attribute a on a.attrelid = t.oid and a.attname = 'account_id' and not a.attisdropped
    where t.relkind in ('r', 'p') and t.relnamespace = 'public'::regnamespace and not t.relispartition
      and not exists (
        select from pg_index i where i.indrelid = t.oid and i.indpred is null and i.indkey[0] = a.attnum)`);
  expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(BY_SOMETHING_ELSE).sort());
});
