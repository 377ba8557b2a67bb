/** P6: the check of a whole ledger is planned for all of it, however few violations are shown. */
import type { Db } from '../../ledger/db';
import { findViolations } from '../../ledger/transactions/findViolations';
import { createTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`
    insert into accounts (id, name, tier) select 'a' || i, 'Test', 'standard' from generate_series(1, 300) i;
    insert into balances (account_id) select id from accounts on conflict do nothing;
    insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
    select 'a' || a, i, 'adjustment', 'adjustments', 1, i, 'test/' || a || '/' || i, 'test', 'test'
    from generate_series(1, 300) a, generate_series(1, 200) i`);
  await database.owner.query('analyze');
});
afterAll(() => database.drop());

/** How Postgres would look for each violation, but for the bound itself. */
async function plansFor(perInvariantMax: number | null): Promise<string[]> {
  const plans: string[] = [];
  const explaining = {
    async query(text: string, values: unknown[]) {
      const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(`explain (costs off) ${text}`, values);
      const steps = rows.map((row) => row['QUERY PLAN'].replace(/^[\s>-]+/, ''));
      plans.push(steps.filter((step) => !/^(Limit|CTE wrong|CTE Scan on wrong)$/.test(step)).join('\n'));
      return { rows: [] };
    },
  } as unknown as Db;
  await findViolations(explaining, perInvariantMax);
  return plans;
}

test('P6 a bound on the violations that are shown changes no plan: the ledger is read from end to end, not line by line', async () => {
  const plans = await plansFor(100);
  expect(plans.length).toBeGreaterThan(10);
  expect(plans).toEqual(await plansFor(null));
});
