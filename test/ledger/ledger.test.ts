/** B2: the ledger is append-only, exact and without gaps, whoever writes at the same time. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { centsToNano, nano, parseMoney } from '../../domain/money';
import type { Policy } from '../../domain/accountState';
import { createAccount } from '../../ledger/accounts/createAccount';
import { fitLevels } from '../../ledger/settings/fitLevels';
import { setLevels } from '../../ledger/settings/setLevels';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import { recordDecision } from '../../ledger/decisions/recordDecision';
import { findViolations } from '../../ledger/transactions/findViolations';
import { postUsage } from '../../ledger/usage/postUsage';
import { openReload } from '../../ledger/reloads/openReload';
import { creditPayment, type Credited } from '../../ledger/payments/creditPayment';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { gateState } from '../support/gateRule';
import { credit, openAccount, priced } from '../support/ledgerAccount';

const policy = { trigger: 'at_or_below' as const, retryDelaysMs: [60_000] };
const NOW = Date.UTC(2026, 5, 15);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  const violations = await findViolations(database.pool);
  await database.drop();
  expect(violations).toEqual([]);
});

/** Some triggers look at rows: an empty table would have none to refuse. */
async function insertOneOfEach(): Promise<void> {
  const account = await openAccount(database.pool);
  await credit(database.pool, account, '1.00');
  await postUsage(database.pool, [priced(account, 'one', '0.50')]);
  await transaction(database.pool, async (tx) => {
    await recordAudit(tx, account, 'test', 'account.change', {});
    const decision = { id: randomUUID(), atMs: NOW, kind: 'note', rule: 'A15', because: 'a test' } as const;
    await recordDecision(tx, account, decision, {});
  });
}

test.each(['ledger_lines', 'usage_events', 'decisions', 'audit'])(
  'B2 the database itself refuses to change %s',
  async (table) => {
    await insertOneOfEach();
    await expect(database.owner.query(`update ${table} set at = now()`)).rejects.toThrow(/append-only: UPDATE refused/);
    await expect(database.owner.query(`delete from ${table}`)).rejects.toThrow(/append-only: DELETE refused/);
    await expect(database.owner.query(`truncate ${table}`)).rejects.toThrow(/append-only: TRUNCATE refused/);
  },
);

test('B2 a line is posted once per key; the same key with other content is refused', async () => {
  const account = await openAccount(database.pool);
  await Promise.all(Array.from({ length: 10 }, () => credit(database.pool, account, '5.00', account)));
  await expect(credit(database.pool, account, '6.00', account)).rejects.toThrow(/stands with other content/);
  const { rows } = await database.pool.query(
    'select sequence, balance_after_nano from ledger_lines where account_id = $1',
    [account],
  );
  expect(rows).toEqual([{ sequence: 1n, balance_after_nano: parseMoney('5.00') }]);
});

test('B2 simultaneous credits and usage of one account leave no gap and no difference', async () => {
  const account = await openAccount(database.pool);
  await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0
        ? credit(database.pool, account, '1.00')
        : postUsage(database.pool, [priced(account, `e${i}`, '0.50')]),
    ),
  );
  const { rows } = await database.pool.query('select balance_nano, sequence from balances where account_id = $1', [
    account,
  ]);
  expect(rows).toEqual([{ balance_nano: parseMoney('10.00'), sequence: 40n }]);
});

test('B2 every entry has its counterpart', async () => {
  const { rows } = await database.pool.query(
    'select sum(amount_nano)::text as sum, count(*) > 0 as some from ledger_entries',
  );
  expect(rows).toEqual([{ sum: '0', some: true }]);
});

describe('B3 each event once', () => {
  test('B3 the same event again is a duplicate, other content a conflict, and neither changes anything', async () => {
    const account = await openAccount(database.pool);
    await postUsage(database.pool, [priced(account, 'a', '1.00')]);
    const { notPosted, positions } = await postUsage(database.pool, [
      priced(account, 'a', '1.00', { atMs: 1_700_000_999_000 }),
      priced(account, 'a', '1.00', { outputTokens: 7 }),
      priced(account, 'b', '2.00'),
      priced(account, 'b', '2.00'),
      priced(account, 'b', '2.00', { inputTokens: 9 }),
      priced('nobody', 'c', '1.00'),
    ]);
    expect([...notPosted]).toEqual([
      [0, 'duplicate'],
      [1, 'event_conflict'],
      [3, 'duplicate'],
      [4, 'event_conflict'],
      [5, 'unknown_account'],
    ]);
    expect(positions.get(account)).toMatchObject({ available: parseMoney('-3.00'), watermark: 2 });
    expect(positions.has('nobody')).toBe(false);
  });

  test('B3 an account whose events were all known gets no line', async () => {
    const account = await openAccount(database.pool);
    await postUsage(database.pool, [priced(account, 'a', '1.00'), priced(account, 'b', '1.00')]);
    const { positions, notPosted } = await postUsage(database.pool, [
      priced(account, 'b', '1.00'),
      priced(account, 'a', '1.00'),
    ]);
    expect([...notPosted.values()]).toEqual(['duplicate', 'duplicate']);
    expect(positions.get(account)).toMatchObject({ watermark: 1 });
    expect((await database.pool.query('select 1 from ledger_lines where account_id = $1', [account])).rowCount).toBe(1);
  });

  test('B3 an account that opens while a commit waits for its locks is unknown to that commit: nothing is posted that is not locked', async () => {
    const account = await openAccount(database.pool);
    const late = `late-${account}`;
    const holder = await database.pool.connect();
    await holder.query('begin');
    await holder.query('select 1 from balances where account_id = $1 for no key update', [account]);
    const posting = postUsage(database.pool, [priced(account, 'a', '1.00'), priced(late, 'a', '1.00')]);
    for (let waiting = 0; waiting === 0;) {
      const { rows } = await database.pool.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and query like '%post_usage%' and datname = current_database()`,
      );
      waiting = rows[0]!.n;
    }
    await openAccount(database.pool, late);
    await holder.query('commit');
    holder.release();
    const { notPosted, positions } = await posting;
    expect([[...notPosted], [...positions.keys()]]).toEqual([[[1, 'unknown_account']], [account]]);
    expect((await postUsage(database.pool, [priced(late, 'a', '1.00')])).notPosted.size).toBe(0);
  });

  test('B3 overlapping batches from many writers deduct each event once: a simple model agrees', async () => {
    const accounts = await Promise.all(Array.from({ length: 4 }, () => openAccount(database.pool)));
    const event = fc.record({
      account: fc.constantFrom(...accounts),
      id: fc.integer({ min: 0, max: 30 }),
      cents: fc.integer({ min: 0, max: 3 }),
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(event, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 6 }),
        async (batches) => {
          round += 1;
          const before = await balances(accounts);
          const results = await Promise.all(
            batches.map((batch) =>
              postUsage(
                database.pool,
                batch.map(({ account, id, cents }) =>
                  priced(account, `${round}/${id}`, `0.0${cents}`, { outputTokens: cents }),
                ),
              ),
            ),
          );
          const taken = new Map<string, number>();
          batches.forEach((batch, b) =>
            batch.forEach(({ account, id, cents }, place) => {
              if (results[b]!.notPosted.has(place)) return;
              const key = `${account}/${id}`;
              expect(taken.has(key)).toBe(false);
              taken.set(key, cents);
            }),
          );
          const after = await balances(accounts);
          for (const account of accounts) {
            const spent = [...taken]
              .filter(([key]) => key.startsWith(`${account}/`))
              .reduce((sum, [, cents]) => sum + cents, 0);
            expect(before.get(account)! - after.get(account)!).toBe(centsToNano(spent));
          }
          const ids = new Set(batches.flat().map(({ account, id }) => `${account}/${id}`));
          expect(taken.size).toBe(ids.size);
        },
      ),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 500) / 10 },
    );
  });

  async function balances(accounts: string[]): Promise<Map<string, bigint>> {
    const { rows } = await database.pool.query<{ account_id: string; balance_nano: bigint }>(
      'select account_id, balance_nano from balances where account_id = any($1)',
      [accounts],
    );
    return new Map(rows.map((row) => [row.account_id, row.balance_nano]));
  }
});

describe('S4 the gate follows from the facts in the transaction that changes them', () => {
  test('S4 the database and the domain derive the same state, whatever the facts', async () => {
    const account = await openAccount(database.pool);
    const amount = fc.bigInt({ min: -20n, max: 20n }).map((value) => value * 500_000_000n);
    const client = await database.pool.connect();
    await client.query('begin');
    await fc.assert(
      fc.asyncProperty(
        amount,
        amount,
        fc.subarray(['admin_suspended' as const, 'payment_disputed' as const]),
        fc.boolean(),
        async (balance, low, reasons, reloading) => {
          const { rows } = await client.query(
            `update balances set balance_nano = $2, low_level_nano = $3, set_reasons = $4, reload_due_at = $5 where account_id = $1 returning gate_state, gate_version`,
            [account, balance.toString(), low.toString(), reasons, reloading ? new Date(NOW) : null],
          );
          expect(rows[0].gate_state).toBe(
            gateState({ available: nano(balance), lowLevel: nano(low), reasons, reloadDueMs: reloading ? NOW : null }),
          );
        },
      ),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 500) },
    );
    await client.query('rollback');
    client.release();
  });

  test('S1 a new account is suspended until money arrives; S4 its version grows only with its answer', async () => {
    const account = await openAccount(database.pool);
    const gate = async () =>
      (
        await database.pool.query(
          'select gate_state, gate_version::int as version from balances where account_id = $1',
          [account],
        )
      ).rows[0];
    expect(await gate()).toEqual({ gate_state: 'suspended', version: 1 });
    await credit(database.pool, account, '50.00');
    expect(await gate()).toEqual({ gate_state: 'ok', version: 2 });
    await postUsage(database.pool, [priced(account, 'a', '1.00')]);
    expect(await gate()).toEqual({ gate_state: 'ok', version: 2 });
    await postUsage(database.pool, [priced(account, 'b', '44.00')]);
    expect(await gate()).toEqual({ gate_state: 'low', version: 3 });
    await postUsage(database.pool, [priced(account, 'c', '5.00')]);
    expect(await gate()).toEqual({ gate_state: 'suspended', version: 4 });
  });

  test('S5 a change of a gate notifies, once per transaction; other usage does not', async () => {
    const account = await openAccount(database.pool);
    await credit(database.pool, account, '50.00');
    const listener = await database.pool.connect();
    const heard: string[] = [];
    listener.on('notification', ({ channel }) => heard.push(channel));
    await listener.query('listen gates');
    await postUsage(database.pool, [priced(account, 'a', '1.00')]);
    await listener.query('select 1');
    expect(heard).toEqual([]);
    await postUsage(database.pool, [priced(account, 'b', '50.00')]);
    await listener.query('select 1');
    expect(heard).toEqual(['gates']);
    await listener.query('unlisten *');
    listener.release();
  });
});

test('S4, A3 when a deployment changes its low level or its trigger, every account follows, and no other is touched', async () => {
  const { pool } = database;
  const [off, on] = [await openAccount(pool), await openAccount(pool)];
  await credit(pool, off, '15.00');
  await credit(pool, on, '100.00');
  const configure = (own: Policy) =>
    transaction(pool, async (tx) => {
      await tx.query(
        `update account_states set status = 'on', threshold_cents = 2000, amount_cents = 2500 where account_id = $1`,
        [on],
      );
      await setLevels(tx, on, own);
    });
  await configure(policy);
  /** As the worker does: a few at a time, to the end. */
  const fitAll = async (own: Policy): Promise<number> => {
    let all = 0;
    let after: string | null = null;
    do {
      const { fitted, last } = await fitLevels(pool, own, after, 3);
      all += fitted;
      after = last;
    } while (after !== null);
    return all;
  };
  await fitAll(policy);
  const read = async () =>
    (
      await pool.query(
        'select account_id, low_level_nano::text as low, trigger_level_nano::text as trigger, gate_state from balances where account_id = any($1)',
        [[off, on]],
      )
    ).rows;
  const rowsOf = (low: string, gate: string, trigger: string) =>
    expect.arrayContaining([
      { account_id: off, low, trigger: low, gate_state: gate },
      { account_id: on, low: '20000000000', trigger, gate_state: 'ok' },
    ]);
  expect(await read()).toEqual(rowsOf('5000000000', 'ok', '20000000000'));

  const other: Policy = { trigger: 'below', retryDelaysMs: [], lowLevelCents: 1_500 };
  expect(await fitAll(other)).toBeGreaterThan(1);
  expect(await read()).toEqual(rowsOf('15000000000', 'low', '19999999999'));
  expect(await fitAll(other)).toBe(0);
  const opened = await transaction(pool, async (tx) => {
    await createAccount(tx, { id: 'opened-later', name: 'Later', tier: 'standard', members: [] }, other);
    return tx.query(`select low_level_nano::text as low from balances where account_id = 'opened-later'`);
  });
  expect(opened.rows).toEqual([{ low: '15000000000' }]);

  await fitAll(policy);
  expect(await read()).toEqual(rowsOf('5000000000', 'ok', '20000000000'));
});

describe('A7, P3 reloads and their settling', () => {
  async function readyAccount(): Promise<string> {
    const account = await openAccount(database.pool);
    await database.pool.query(
      `update account_states set status = 'on', threshold_cents = 1000, amount_cents = 2500, version = 1 where account_id = $1`,
      [account],
    );
    return account;
  }
  const wish = (accountId: string, reloadId: string, more = {}) => ({
    reloadId,
    accountId,
    settingsVersion: 1,
    nowMs: NOW,
    actor: 'test',
    ...more,
  });
  const open = (accountId: string, reloadId: string, more = {}) =>
    transaction(database.pool, (tx) => openReload(tx, wish(accountId, reloadId, more), policy));

  test('A7 twenty simultaneous openings make one reload', async () => {
    const account = await readyAccount();
    const results = await Promise.all(Array.from({ length: 20 }, () => open(account, crypto.randomUUID())));
    expect(results.filter(({ kind }) => kind === 'opened')).toHaveLength(1);
    expect(results.filter(({ kind }) => kind === 'adopted')).toHaveLength(19);
  });

  test('A7 the database refuses a second open reload', async () => {
    const account = await readyAccount();
    await open(account, crypto.randomUUID());
    await expect(
      database.pool.query(
        `with p as (insert into payments (id, account_id, purpose, amount_cents, actor) values (gen_random_uuid(), $1, 'reload', 500, 'test') returning id)
       insert into reloads (id, account_id, number, state, due_at) select id, $1, 2, 'charging', now() from p`,
        [account],
      ),
    ).rejects.toThrow(/reloads_one_open|violates foreign key/);
  });

  test('A4 an opening decided under older settings is refused', async () => {
    const account = await readyAccount();
    expect(await open(account, crypto.randomUUID(), { settingsVersion: 0 })).toEqual({
      kind: 'refused',
      because: 'settings_changed',
    });
  });

  test('A3 an opening decided from a stale watermark is refused', async () => {
    const account = await readyAccount();
    await credit(database.pool, account, '10.01');
    expect(await open(account, crypto.randomUUID())).toEqual({ kind: 'refused', because: 'not_due' });
  });

  test('P3 the news of a payment credits it once, however often and from wherever it comes', async () => {
    const account = await readyAccount();
    const id = crypto.randomUUID();
    await open(account, id);
    await database.pool.query(`update payments set payment_intent_id = $2 where id = $1`, [id, `pi_${id}`]);
    const paid = {
      paymentIntentId: `pi_${id}`,
      receivedCents: 2_500,
      currency: 'usd',
      chargeId: 'ch_1',
      paymentMethodId: 'pm_1',
      receiptUrl: null,
      brand: null,
      last4: null,
      card: null,
    };
    const settle = (): Promise<Credited> => transaction(database.pool, (tx) => creditPayment(tx, paid, policy, NOW));
    const results = await Promise.all(Array.from({ length: 10 }, settle));
    expect(results.filter((result) => result.kind === 'credited' && result.now)).toHaveLength(1);
    const { rows } = await database.pool.query('select kind, amount_nano from ledger_lines where account_id = $1', [
      account,
    ]);
    expect(rows).toEqual([{ kind: 'reload', amount_nano: parseMoney('25.00') }]);
  });

  test.each([[{ receivedCents: 2_499 }], [{ currency: 'eur' }]])(
    'P3 a payment of %p instead of what was asked is not credited',
    async (wrong) => {
      const account = await readyAccount();
      const id = crypto.randomUUID();
      await open(account, id);
      await database.pool.query(`update payments set payment_intent_id = $2 where id = $1`, [id, `pi_${id}`]);
      const paid = {
        paymentIntentId: `pi_${id}`,
        receivedCents: 2_500,
        currency: 'usd',
        chargeId: null,
        paymentMethodId: null,
        receiptUrl: null,
        brand: null,
        last4: null,
        card: null,
        ...wrong,
      };
      expect(await transaction(database.pool, (tx) => creditPayment(tx, paid, policy, NOW))).toMatchObject({
        kind: 'differs',
      });
      expect((await database.pool.query('select 1 from ledger_lines where account_id = $1', [account])).rowCount).toBe(
        0,
      );
    },
  );

  test('A12 the breaker stops the eleventh reload of an hour, and tells it once', async () => {
    const account = await readyAccount();
    const openAndCancel = async (nowMs: number) => {
      const id = crypto.randomUUID();
      const opened = await open(account, id, { nowMs });
      await database.pool.query(`update reloads set state = 'canceled', closed_at = now() where id = $1`, [id]);
      await database.pool.query(`update payments set status = 'canceled' where id = $1`, [id]);
      return opened;
    };
    for (let i = 0; i < 10; i++) expect(await openAndCancel(NOW + i)).toEqual({ kind: 'opened' });
    expect(await open(account, crypto.randomUUID(), { nowMs: NOW + 100 })).toEqual({
      kind: 'refused',
      because: 'breaker',
    });
    expect(await open(account, crypto.randomUUID(), { nowMs: NOW + 200 })).toEqual({
      kind: 'refused',
      because: 'breaker',
    });
    const { rows } = await database.pool.query(`select kind from notices where account_id = $1`, [account]);
    expect(rows).toEqual([{ kind: 'guard_reached' }]);
    expect(await openAndCancel(NOW + 3_600_001)).toEqual({ kind: 'opened' });
  });

  test('S4 the position shows when the reload in flight is due, and a late payment of an older one does not hide it', async () => {
    const account = await readyAccount();
    const [older, newer] = [crypto.randomUUID(), crypto.randomUUID()];
    const due = async () =>
      (await database.pool.query('select reload_due_at, gate_state from balances where account_id = $1', [account]))
        .rows[0];
    const set = (id: string, change: string) => database.pool.query(`update reloads set ${change} where id = $1`, [id]);
    await open(account, older);
    await set(older, `state = 'failed', closed_at = now()`);
    expect(await due()).toMatchObject({ reload_due_at: null });
    await database.pool.query(`update payments set status = 'canceled' where id = $1`, [older]);
    await open(account, newer, { nowMs: NOW + 1 });
    expect(await due()).toMatchObject({ reload_due_at: new Date(NOW + 1) });
    await set(newer, `state = 'waiting', due_at = '2026-12-01T00:00:00Z'`);
    expect(await due()).toMatchObject({ reload_due_at: new Date('2026-12-01T00:00:00Z') });
    await set(older, `state = 'succeeded', closed_at = coalesce(closed_at, now())`);
    expect(await due()).toMatchObject({ reload_due_at: new Date('2026-12-01T00:00:00Z') });
  });

  test('A12 a closed reload counts as spent until it is canceled, and its part is told apart', async () => {
    const account = await readyAccount();
    const id = crypto.randomUUID();
    await open(account, id);
    const spend = async () =>
      (await database.pool.query('select * from reload_spend($1, $2)', [account, new Date(NOW)])).rows[0];
    expect(await spend()).toEqual({ spent_cents: 2500n, uncanceled_cents: 0n });
    await database.pool.query(`update reloads set state = 'failed', closed_at = now() where id = $1`, [id]);
    expect(await spend()).toEqual({ spent_cents: 2500n, uncanceled_cents: 2500n });
    await database.pool.query(`update payments set status = 'canceled' where id = $1`, [id]);
    expect(await spend()).toEqual({ spent_cents: 0n, uncanceled_cents: 0n });
  });

  test('A12 the monthly limit counts what is open, unknown or paid, and holds at its edge', async () => {
    const account = await readyAccount();
    await database.pool.query(`update account_states set monthly_limit_cents = 5000 where account_id = $1`, [account]);
    const close = (id: string, status: string) =>
      database.pool.query(
        `with r as (update reloads set state = 'failed', closed_at = now() where id = $1)
         update payments set status = $2 where id = $1`,
        [id, status],
      );
    const [first, second, third] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    expect(await open(account, first)).toEqual({ kind: 'opened' });
    await close(first, 'canceled');
    expect(await open(account, second)).toEqual({ kind: 'opened' });
    await close(second, 'processing');
    expect(await open(account, third)).toEqual({ kind: 'refused', because: 'uncanceled' });
    await close(second, 'canceled');
    await database.pool.query(`update account_states set monthly_limit_cents = 2499 where account_id = $1`, [account]);
    expect(await open(account, third)).toEqual({ kind: 'refused', because: 'monthly_limit' });
    await database.pool.query(`update account_states set monthly_limit_cents = 2500 where account_id = $1`, [account]);
    expect(await open(account, third)).toEqual({ kind: 'opened' });
  });
});
