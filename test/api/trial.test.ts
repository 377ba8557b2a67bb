/** A18: settings are run over what an account has really spent. Nothing is charged, and what it costs does not follow the usage. */
import { openAccount, putModel, report, startTestApi, type TestApi } from '../support/api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await putModel(api);
});
afterAll(() => api.close());

const trial = (id: string, key: string, body: object) =>
  api.ask('POST', `/v1/accounts/${id}/auto-reload/trial`, { key, body });

/** An account that is two days old and spent a dollar in each of its hours, after a prepayment of $30. */
async function withPast() {
  const account = await openAccount(api);
  const { owner } = api.database;
  // The same for all its lines: an hour may begin meanwhile.
  const { rows } = await owner.query<{ hour: Date }>(`select date_trunc('hour', now()) as hour`);
  const hour = rows[0]!.hour;
  await owner.query(`update accounts set created_at = $2::timestamptz - interval '48 hours' where id = $1`, [
    account.id,
    hour,
  ]);
  const line = (sequence: number, kind: string, amount: number, after: number, hoursAgo: string) =>
    owner.query(
      `insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description, at)
       values ($1::text, $2::bigint, $3::text, $4, $5, $6, case when $3 = 'usage' then 'usage/' || $1 || '/' || $2 else 'test/' || $1 || '/' || $2 end,
         'prepayment/x', 'test', $8::timestamptz - $7::interval)`,
      [account.id, sequence, kind, kind === 'usage' ? 'usage' : 'payments', amount * 1e9, after * 1e9, hoursAgo, hour],
    );
  await line(1, 'prepayment', 30, 30, '47 hours 59 minutes');
  for (let nth = 0; nth < 47; nth += 1) await line(nth + 2, 'usage', -1, 29 - nth, `${46 - nth} hours 30 minutes`);
  await owner.query('update balances set balance_nano = $2, sequence = 48 where account_id = $1', [account.id, -17e9]);
  return account;
}

test('A18 a trial tells when it would have reloaded, what it would have cost, and the lowest balance', async () => {
  const { id, owner } = await withPast();
  const { status, body } = await trial(id, owner, { threshold: '10.00', amount: '25.00' });
  expect(status).toBe(200);
  // It begins with the first purchase; of $30, twenty are spent within 21 hours, and of $25 more the rest of the time takes 27.
  const hoursIn = (at: string) => (Date.parse(at) - Date.parse(body.from)) / 3_600_000;
  expect(body.reloads.map(({ amount }: { amount: string }) => amount)).toEqual(['25.00', '25.00']);
  expect(Math.abs(hoursIn(body.reloads[0].at) - 20)).toBeLessThan(1.1);
  expect(Math.abs(hoursIn(body.reloads[1].at) - 45)).toBeLessThan(1.1);
  expect(body).toMatchObject({ charged: '50.00', lowestBalance: '10.00', minutesWithoutAccess: 0, blockedBy: [] });
  expect(body.curve[0]).toEqual({ at: body.from, balance: '30.00' });
  expect(body.curve.at(-1)).toEqual({ at: body.to, balance: '33.00' });
});

test('A18 without settings a trial tells what is without auto-reload', async () => {
  const { id, owner } = await withPast();
  const { status, body } = await trial(id, owner, {});
  expect(status).toBe(200);
  expect(body).toMatchObject({ reloads: [], charged: '0.00', lowestBalance: '-17.00', blockedBy: [] });
  // Of 47 dollars, one an hour, thirty were paid.
  expect(body.minutesWithoutAccess).toBeGreaterThan(16 * 60);
  expect(body.curve.at(-1)).toEqual({ at: body.to, balance: '-17.00' });
  expect((await trial(id, owner, { threshold: '5.00' })).status).toBe(400);
});

test('A18, B5 a balance that has just gone below zero has cost access: a begun minute counts', async () => {
  const { id, owner } = await openAccount(api, '10.00');
  await report(api, [{ id: 'last', accountId: id, model: 'model', inputTokens: 10_400_000 }]);
  const { body } = await trial(id, owner, {});
  expect(body).toMatchObject({ lowestBalance: '-0.40', minutesWithoutAccess: 1 });
});

test('A18 a limit of the month shows what it would have done to access', async () => {
  const { id, owner } = await withPast();
  const { body } = await trial(id, owner, { threshold: '50.00', amount: '5.00', monthlyLimit: '5.00' });
  expect(body.blockedBy).toEqual(['monthly_limit']);
});

test('A18 a trial charges nothing and keeps nothing', async () => {
  const { id, owner } = await withPast();
  const counts = async () =>
    (
      await api.database.pool.query(
        `select (select count(*) from payments) as payments, (select count(*) from reloads) as reloads,
           (select count(*) from decisions) as decisions, (select count(*) from audit) as audit, (select count(*) from ledger_lines) as lines`,
      )
    ).rows;
  const before = await counts();
  await trial(id, owner, { threshold: '10.00', amount: '25.00', days: 90 });
  expect(await counts()).toEqual(before);
});

test('A18 settings out of range are refused as they are when auto-reload is enabled; days are 1 to 90', async () => {
  const { id, owner, member } = await openAccount(api);
  expect((await trial(id, owner, { threshold: '1.00', amount: '25.00' })).body.code).toBe('out_of_range');
  expect((await trial(id, owner, { threshold: '10.001', amount: '25.00' })).body.code).toBe('fraction_of_a_cent');
  for (const days of [0, 91, 1.5])
    expect((await trial(id, owner, { threshold: '10.00', amount: '25.00', days })).status).toBe(400);
  expect((await trial(id, member, { threshold: '10.00', amount: '25.00' })).status).toBe(403);
  expect((await trial(id, owner, { threshold: '10.00', amount: '25.00' })).status).toBe(200);
});

test('A18 the balance at any time is that after the last line before it', async () => {
  const account = await openAccount(api, '5.00');
  for (const nth of [1, 2, 3])
    await report(api, [{ id: `at-${nth}`, accountId: account.id, model: 'model', inputTokens: 1_000_000 }]);
  const { pool } = api.database;
  const { rows: lines } = await pool.query<{ at: Date; sequence: bigint; balance_after_nano: bigint }>(
    'select at, sequence, balance_after_nano from ledger_lines where account_id = $1 order by sequence',
    [account.id],
  );
  const { rows } = await pool.query<{ last_sequence: bigint; balance_nano: bigint }>(
    `select last_sequence, balance_nano from balances_at($1, (select array_agg(t order by t) from (
       select at as t from ledger_lines where account_id = $1 union all select now() - interval '1 year' union all select now() + interval '1 day') times))`,
    [account.id],
  );
  expect(rows.map((row) => [row.last_sequence, row.balance_nano])).toEqual([
    [0n, 0n],
    [0n, 0n],
    ...lines.map((line) => [line.sequence, line.balance_after_nano]),
  ]);
});
