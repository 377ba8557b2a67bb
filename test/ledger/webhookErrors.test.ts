import { migrate } from '../../ledger/migrate';
import { createTestDatabase } from '../support/database';
import { migrateUpTo } from '../support/olderSchema';

test('N2 bodies of answers that were kept before are taken out of what deliveries tell; the status stays', async () => {
  const database = await createTestDatabase();
  const { owner: pool } = database;
  await migrateUpTo(pool, '000281');
  await pool.query("insert into accounts (id, name, tier) values ('acme', 'Acme', 'standard')");
  const { rows } = await pool.query<{ id: string }>(
    "insert into webhook_endpoints (account_id, url, events) values ('acme', 'https://acme.example/', '{*}') returning id",
  );
  const before = [
    'answered 500: what stands inside',
    'answered 302; redirects are not followed: over several\nlines: with colons',
    'answered 404',
    'connect ECONNREFUSED 203.0.113.9:443',
    null,
  ];
  await pool.query('insert into webhook_deliveries (endpoint_id, last_error) select $1, e from unnest($2::text[]) e', [
    rows[0]!.id,
    before,
  ]);
  await migrate(pool);
  const after = await pool.query<{ last_error: string | null }>('select last_error from webhook_deliveries');
  expect(after.rows.map(({ last_error }) => last_error).sort()).toEqual(
    ['answered 500', 'answered 302; redirects are not followed', 'answered 404', before[3], null].sort(),
  );
  await database.drop();
});
