/** B5: money is held before a request runs; simultaneous holds never promise more than is available. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { formatMoney, parseMoney } from '../../domain/money';
import { transaction } from '../../ledger/db';
import { expireHolds } from '../../ledger/holds/expireHolds';
import { expireHoldsWhenFree } from '../../ledger/holds/expireHoldsWhenFree';
import { listDueHolders } from '../../ledger/holds/listDueHolders';
import { lockBalance } from '../../ledger/accounts/lockBalance';
import { findViolations } from '../../ledger/transactions/findViolations';
import { lockHold } from '../../ledger/holds/lockHold';
import { readHold } from '../../ledger/holds/readHold';
import { placeHold, type PlacedHold } from '../../ledger/holds/placeHold';
import { postUsage } from '../../ledger/usage/postUsage';
import { releaseHold } from '../../ledger/holds/releaseHold';
import { settleHold } from '../../ledger/holds/settleHold';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount, priced } from '../support/ledgerAccount';
import { until } from '../support/notices';
import { times } from '../support/times';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  const violations = await findViolations(database.pool);
  await database.drop();
  expect(violations).toEqual([]);
});

const place = (accountId: string, dollars: string, key: string = randomUUID()): Promise<PlacedHold> =>
  placeHold(database.pool, {
    accountId,
    amount: parseMoney(dollars),
    expiresInSeconds: 600,
    idempotencyKey: key,
    requestHash: dollars,
    openMax: 1_000,
  });
async function placed(accountId: string, dollars: string): Promise<string> {
  const answer = await place(accountId, dollars);
  if (answer.kind !== 'placed') throw new Error(`no hold: ${answer.kind}`);
  return answer.hold.id;
}
const settle = (accountId: string, holdId: string, ...events: ReturnType<typeof priced>[]) =>
  transaction(database.pool, (tx) =>
    settleHold(tx, {
      accountId,
      holdId,
      events,
      settleHash: JSON.stringify(events.map(({ id, inputTokens }) => [id, inputTokens])),
    }),
  );
const release = (accountId: string, holdId: string) =>
  transaction(database.pool, (tx) => releaseHold(tx, accountId, holdId));
const use = (...events: ReturnType<typeof priced>[]) => postUsage(database.pool, events);
const letExpire = async (holdId: string) => {
  await database.pool.query(`update holds set expires_at = now() - interval '1 second' where id = $1`, [holdId]);
  return expireHolds(database.pool, 1_000);
};
async function funded(dollars: string): Promise<string> {
  const account = await openAccount(database.pool);
  await credit(database.pool, account, dollars);
  return account;
}
/** `balance held`, such as `10.00 4.00`. */
async function money(account: string): Promise<string> {
  const { rows } = await database.pool.query('select balance_nano, held_nano from balances where account_id = $1', [
    account,
  ]);
  return `${formatMoney(rows[0].balance_nano)} ${formatMoney(rows[0].held_nano)}`;
}
const hold = async (account: string, id: string) => {
  const { status, charged, released } = (await readHold(database.pool, account, id))!;
  return {
    status,
    charged: charged === null ? null : formatMoney(charged),
    released: released === null ? null : formatMoney(released),
  };
};

describe('B5 placing', () => {
  test('B5 a hundred simultaneous holds never promise more than is available', async () => {
    const account = await funded('10.00');
    const kinds = (await Promise.all(times(100, () => place(account, '0.30')))).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'placed')).toHaveLength(33);
    expect(kinds.filter((kind) => kind === 'insufficient_funds')).toHaveLength(67);
    expect(await money(account)).toBe('10.00 9.90');
    expect((await place(account, '0.10')).kind).toBe('placed');
    expect((await place(account, '0.000000001')).kind).toBe('insufficient_funds');
  });

  test('B5 one key is one hold, also for twenty at once, and after it has ended; other content is refused', async () => {
    const account = await funded('10.00');
    const answers = await Promise.all(times(20, () => place(account, '4.00', 'k')));
    expect(answers.filter(({ kind }) => kind === 'placed')).toHaveLength(1);
    expect(answers.filter(({ kind }) => kind === 'repeated')).toHaveLength(19);
    const first = answers.find(({ kind }) => kind === 'placed')!;
    if (first.kind !== 'placed') throw new Error('unreachable');
    await release(account, first.hold.id);
    expect(await place(account, '4.00', 'k')).toMatchObject({ kind: 'repeated', hold: first.hold });
    expect(await place(account, '5.00', 'k')).toEqual({ kind: 'key_reused' });
    expect(await money(account)).toBe('10.00 0.00');
  });

  test('B5 a suspended account gets no hold, and one that is not there none either', async () => {
    const empty = await openAccount(database.pool);
    expect((await place(empty, '1.00')).kind).toBe('account_suspended');
    const suspended = await funded('10.00');
    await database.pool.query(
      `insert into suspensions (account_id, reason, note, actor) values ($1, 'admin_suspended', '', 'test')`,
      [suspended],
    );
    await database.pool.query(`update balances set set_reasons = '{admin_suspended}' where account_id = $1`, [
      suspended,
    ]);
    expect((await place(suspended, '1.00')).kind).toBe('account_suspended');
    expect((await place('nobody', '1.00')).kind).toBe('unknown_account');
  });

  test('S1 a hold of all that is available closes the gate until it ends, and wakes the workflow either way', async () => {
    const account = await funded('10.00');
    const gate = async () =>
      (
        await database.pool.query('select gate_state, gate_reasons, wake from balances where account_id = $1', [
          account,
        ])
      ).rows[0];
    await database.pool.query(
      'update balances set folded_news = news, folded_available_nano = balance_nano where account_id = $1',
      [account],
    );
    const id = await placed(account, '10.00');
    expect(await gate()).toEqual({ gate_state: 'suspended', gate_reasons: ['balance_exhausted'], wake: true });
    expect((await place(account, '1.00')).kind).toBe('insufficient_funds');
    await release(account, id);
    // Back where it was last seen, but access was away meanwhile: owners are told of it (N1).
    expect(await gate()).toEqual({ gate_state: 'ok', gate_reasons: [], wake: true });
  });

  test('B5 the database refuses to hold less than nothing', async () => {
    const account = await funded('1.00');
    await expect(
      database.pool.query('update balances set held_nano = -1 where account_id = $1', [account]),
    ).rejects.toThrow(/held_nano_check/);
  });
});

describe('B5 settling', () => {
  test('B5 a settled hold goes back and the usage is deducted; repeated, it answers the same', async () => {
    const account = await funded('10.00');
    const id = await placed(account, '4.00');
    const events = [priced(account, 'a', '1.00'), priced(account, 'b', '0.50')];
    expect(await settle(account, id, ...events)).toMatchObject({
      kind: 'settled',
      charged: parseMoney('1.50'),
      released: parseMoney('2.50'),
      position: { watermark: 3 },
    });
    expect(await settle(account, id, ...events)).toMatchObject({
      kind: 'settled',
      charged: parseMoney('1.50'),
      released: parseMoney('2.50'),
      position: null,
    });
    expect(await money(account)).toBe('8.50 0.00');
    expect(await settle(account, id, events[0]!)).toEqual({ kind: 'ended', status: 'settled' });
    expect((await release(account, id)).kind).toBe('settled');
  });

  test('B5 settling above the hold takes the rest from the balance, also below zero', async () => {
    const account = await funded('10.00');
    const id = await placed(account, '4.00');
    expect(await settle(account, id, priced(account, 'a', '12.00'))).toMatchObject({
      charged: parseMoney('12.00'),
      released: 0n,
    });
    expect(await money(account)).toBe('-2.00 0.00');
  });

  test('B5 usage that was posted before is not deducted again, and the hold goes back in full', async () => {
    const account = await funded('10.00');
    const id = await placed(account, '4.00');
    await use(priced(account, 'a', '1.00'));
    expect(await settle(account, id, priced(account, 'a', '1.00'))).toMatchObject({
      kind: 'settled',
      charged: 0n,
      released: parseMoney('4.00'),
    });
    expect(await money(account)).toBe('9.00 0.00');
    expect(await hold(account, id)).toEqual({ status: 'settled', charged: '0.00', released: '4.00' });
  });

  test('B5 one event that conflicts: nothing is posted and the hold stays open', async () => {
    const account = await funded('10.00');
    const id = await placed(account, '4.00');
    await use(priced(account, 'a', '1.00'));
    const answer = await settle(
      account,
      id,
      priced(account, 'new', '1.00'),
      priced(account, 'a', '1.00', { inputTokens: 7 }),
    );
    expect(answer).toEqual({ kind: 'rejected', notPosted: new Map([[1, 'event_conflict']]) });
    expect(await money(account)).toBe('9.00 4.00');
    expect((await hold(account, id)).status).toBe('open');
    expect(await settle(account, id, priced(account, 'new', '1.00'))).toMatchObject({ kind: 'settled' });
  });

  test("B5 another account's hold does not exist", async () => {
    const [mine, other] = [await funded('10.00'), await funded('10.00')];
    const id = await placed(other, '4.00');
    expect(await settle(mine, id, priced(mine, 'a', '1.00'))).toEqual({ kind: 'not_found' });
    expect(await release(mine, id)).toEqual({ kind: 'not_found' });
    expect(await readHold(database.pool, mine, id)).toBeNull();
    expect([await money(mine), await money(other)]).toEqual(['10.00 0.00', '10.00 4.00']);
  });

  test('B5 a settle, a release, usage that names the hold and its expiry at the same time: one wins, nothing is lost', async () => {
    for (let round = 0; round < 12; round++) {
      const account = await funded('10.00');
      const id = await placed(account, '4.00');
      const [settled, released, used] = await Promise.all([
        settle(account, id, priced(account, 'a', '1.00')),
        release(account, id),
        use(priced(account, 'b', '2.00', { holdId: id })),
        letExpire(id),
      ]);
      expect(used.notPosted.size).toBe(0);
      const { status, charged } = await hold(account, id);
      expect(
        [settled.kind === 'settled', released.kind === 'released', status === 'settled' && charged === '2.00'].filter(
          Boolean,
        ),
      ).toHaveLength(1);
      expect(await money(account)).toBe(settled.kind === 'settled' ? '7.00 0.00' : '8.00 0.00');
    }
  });
});

describe('B5 usage that names its hold', () => {
  test('B5 it settles the hold in the same commit and position, together with all events of that hold', async () => {
    const account = await funded('10.00');
    const [first, second] = [await placed(account, '4.00'), await placed(account, '3.00')];
    const before = (await database.pool.query('select watermark from balances where account_id = $1', [account]))
      .rows[0].watermark;
    const { positions, notPosted } = await use(
      priced(account, 'a', '1.00', { holdId: first }),
      priced(account, 'b', '1.50', { holdId: first }),
      priced(account, 'c', '3.50', { holdId: second }),
      priced(account, 'd', '0.25'),
    );
    expect(notPosted.size).toBe(0);
    expect(positions.get(account)).toMatchObject({ available: parseMoney('3.75'), watermark: Number(before) + 1 });
    expect(await money(account)).toBe('3.75 0.00');
    expect(await hold(account, first)).toEqual({ status: 'settled', charged: '2.50', released: '1.50' });
    expect(await hold(account, second)).toEqual({ status: 'settled', charged: '3.50', released: '0.00' });
  });

  test('B5 a hold that is unknown or of another account rejects that event alone; one that exists is a duplicate', async () => {
    const [account, other] = [await funded('10.00'), await funded('10.00')];
    const [own, foreign] = [await placed(account, '4.00'), await placed(other, '4.00')];
    await use(priced(account, 'old', '1.00'));
    const { notPosted } = await use(
      priced(account, 'a', '1.00', { holdId: randomUUID() }),
      priced(account, 'b', '1.00', { holdId: foreign }),
      priced(account, 'old', '1.00', { holdId: randomUUID() }),
      priced(account, 'old', '1.00', { holdId: foreign, inputTokens: 7 }),
      priced(account, 'twice', '1.00', { holdId: foreign }),
      priced(account, 'twice', '1.00', { holdId: own }),
      priced(account, 'twice', '1.00', { holdId: own }),
      priced('nobody', 'x', '1.00', { holdId: own }),
      priced(other, 'fine', '1.00'),
    );
    expect([...notPosted]).toEqual([
      [0, 'unknown_hold'],
      [1, 'unknown_hold'],
      [2, 'duplicate'],
      [3, 'event_conflict'],
      [4, 'duplicate'],
      [6, 'duplicate'],
      [7, 'unknown_account'],
    ]);
    expect([await money(account), await money(other)]).toEqual(['8.00 0.00', '9.00 4.00']);
  });

  test.each([
    ['settled', (account: string, id: string) => settle(account, id, priced(account, 'first', '1.00'))],
    ['released', release],
    ['expired', (_account: string, id: string) => letExpire(id)],
  ] as const)('B5 usage of a hold that is %s is posted all the same: it has happened', async (_status, end) => {
    const account = await funded('10.00');
    const id = await placed(account, '4.00');
    await end(account, id);
    const before = (await hold(account, id)).status;
    const { notPosted } = await use(priced(account, 'late', '2.00', { holdId: id }));
    expect(notPosted.size).toBe(0);
    expect(await money(account)).toBe(before === 'settled' ? '7.00 0.00' : '8.00 0.00');
    expect((await hold(account, id)).status).toBe(before === 'expired' ? 'settled' : before);
  });

  test('B3 an event that comes again does not settle a hold', async () => {
    const account = await funded('10.00');
    await use(priced(account, 'a', '1.00'));
    const id = await placed(account, '4.00');
    expect([...(await use(priced(account, 'a', '1.00', { holdId: id }))).notPosted]).toEqual([[0, 'duplicate']]);
    expect((await hold(account, id)).status).toBe('open');
    await release(account, id);
  });
});

describe('B5 expiry', () => {
  test('B5 what is due goes back once, whoever sweeps at the same time; what is not stays', async () => {
    const accounts = await Promise.all(times(5, () => funded('100.00')));
    for (const account of accounts) for (let i = 0; i < 8; i++) await placed(account, '1.00');
    const kept = await placed(accounts[0]!, '7.00');
    await database.pool.query(
      `update holds set expires_at = now() - interval '1 second' where account_id = any($1) and id <> $2`,
      [accounts, kept],
    );
    const sweep = async () => {
      for (
        let moved = await expireHolds(database.pool, 3);
        moved.length > 0;
        moved = await expireHolds(database.pool, 3)
      );
    };
    await Promise.all(times(4, sweep));
    await sweep();
    expect(await Promise.all(accounts.map(money))).toEqual(['100.00 7.00', ...Array(4).fill('100.00 0.00')]);
    expect(await expireHolds(database.pool, 100)).toEqual([]);
  });

  test('B5 an expired hold still settles: nothing is left to give back, and the usage is posted', async () => {
    const account = await funded('10.00');
    const id = await placed(account, '4.00');
    await letExpire(id);
    expect(await hold(account, id)).toEqual({ status: 'expired', charged: null, released: '4.00' });
    expect(await settle(account, id, priced(account, 'a', '1.00'))).toMatchObject({
      kind: 'settled',
      charged: parseMoney('1.00'),
      released: 0n,
    });
    expect(await money(account)).toBe('9.00 0.00');
    expect((await release(account, id)).kind).toBe('settled');
  });

  test('B5 an expired hold can be released, and is then released for good', async () => {
    const account = await funded('10.00');
    const id = await placed(account, '4.00');
    await letExpire(id);
    expect(await release(account, id)).toMatchObject({ kind: 'released', hold: { released: 0n } });
    expect(await release(account, id)).toMatchObject({ kind: 'released', position: null });
    expect(await settle(account, id, priced(account, 'a', '1.00'))).toEqual({ kind: 'ended', status: 'released' });
    expect(await money(account)).toBe('10.00 0.00');
  });

  test('B5 a sweep passes a settle by that is under way, or waits for it, and leaves its hold alone', async () => {
    const account = await funded('10.00');
    const id = await placed(account, '4.00');
    await database.pool.query(`update holds set expires_at = now() - interval '1 second' where id = $1`, [id]);
    let sweeping: Promise<unknown> = Promise.resolve();
    await transaction(database.pool, async (tx) => {
      await lockHold(tx, account, id);
      expect(await expireHolds(database.pool, 1_000)).toEqual([]);
      sweeping = expireHoldsWhenFree(database.pool, account, 1_000);
      await until(
        async () =>
          (
            await database.pool.query(
              `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%from balances%'`,
            )
          ).rowCount,
        (waiting) => waiting === 1,
      );
      await settleHold(tx, { accountId: account, holdId: id, events: [priced(account, 'a', '1.00')], settleHash: 'x' });
    });
    expect(await sweeping).toEqual([]);
    expect((await hold(account, id)).status).toBe('settled');
  });

  test('B5 an account that stays locked keeps its own holds, and no others: not even with the oldest of them', async () => {
    const [locked, free] = [await funded('10.00'), await funded('10.00')];
    for (let i = 0; i < 4; i++) await placed(locked, '1.00');
    await placed(free, '2.00');
    const fallDue = (account: string, seconds: number) =>
      database.pool.query(`update holds set expires_at = now() - make_interval(secs => $2) where account_id = $1`, [
        account,
        seconds,
      ]);
    await fallDue(locked, 60);
    await fallDue(free, 1);
    await transaction(database.pool, async (tx) => {
      await lockBalance(tx, locked);
      // Fewer than the locked account has of them.
      expect((await expireHolds(database.pool, 3)).map(({ accountId }) => accountId)).toEqual([free]);
      expect(await listDueHolders(database.pool, 10)).toEqual([locked]);
      expect(await expireHoldsWhenFree(database.pool, locked, 3)).toEqual([]);
    });
    expect([await money(locked), await money(free)]).toEqual(['10.00 4.00', '10.00 0.00']);
    expect((await expireHoldsWhenFree(database.pool, locked, 10)).map(({ accountId }) => accountId)).toEqual([locked]);
    expect(await money(locked)).toBe('10.00 0.00');
  });
});

describe('B5 a simple model agrees', () => {
  type Held = { cents: number; status: 'open' | 'settled' | 'released' | 'expired' };
  const pick = fc.nat(4);
  const step = fc.oneof(
    fc.record({ kind: fc.constant('credit' as const), cents: fc.integer({ min: 1, max: 50 }) }),
    fc.record({ kind: fc.constant('hold' as const), cents: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant('settle' as const), hold: pick, cents: fc.integer({ min: 0, max: 60 }) }),
    fc.record({ kind: fc.constant('use' as const), hold: fc.option(pick), cents: fc.integer({ min: 0, max: 30 }) }),
    fc.record({ kind: fc.constant('release' as const), hold: pick }),
    fc.record({ kind: fc.constant('expire' as const), hold: pick }),
  );
  const cents = (amount: number) =>
    `${amount < 0 ? '-' : ''}${Math.floor(Math.abs(amount) / 100)}.${String(Math.abs(amount) % 100).padStart(2, '0')}`;

  test('B5 after any steps balance, held and every hold are what a simple model says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const account = await openAccount(database.pool);
        const ids: string[] = [];
        const holds: Held[] = [];
        let balance = 0;
        const held = () => holds.reduce((sum, one) => sum + (one.status === 'open' ? one.cents : 0), 0);
        const running = (index: number) => holds[index]?.status === 'open' || holds[index]?.status === 'expired';

        for (const [n, one] of steps.entries()) {
          const event = 'cents' in one ? priced(account, `e${n}`, cents(one.cents)) : null;
          const index = 'hold' in one && one.hold !== null && one.hold < holds.length ? one.hold : null;
          if (one.kind === 'credit') {
            await credit(database.pool, account, cents(one.cents));
            balance += one.cents;
          } else if (one.kind === 'hold') {
            const expected =
              balance <= 0 ? 'account_suspended' : balance - held() < one.cents ? 'insufficient_funds' : 'placed';
            const answer = await place(account, cents(one.cents));
            expect(answer.kind).toBe(expected);
            if (answer.kind === 'placed') {
              ids.push(answer.hold.id);
              holds.push({ cents: one.cents, status: 'open' });
            }
          } else if (one.kind === 'use') {
            await use(index === null ? event! : { ...event!, holdId: ids[index]! });
            balance -= one.cents;
            if (index !== null && running(index)) holds[index]!.status = 'settled';
          } else if (index !== null && one.kind === 'settle') {
            const answer = await settle(account, ids[index]!, event!);
            expect(answer.kind).toBe(running(index) ? 'settled' : 'ended');
            if (running(index)) {
              const back = holds[index]!.status === 'open' ? Math.max(0, holds[index]!.cents - one.cents) : 0;
              expect(answer).toMatchObject({
                charged: parseMoney(cents(one.cents)),
                released: parseMoney(cents(back)),
              });
              balance -= one.cents;
              holds[index]!.status = 'settled';
            }
          } else if (index !== null && one.kind === 'release') {
            expect((await release(account, ids[index]!)).kind).toBe(
              holds[index]!.status === 'settled' ? 'settled' : 'released',
            );
            if (running(index)) holds[index]!.status = 'released';
          } else if (index !== null && one.kind === 'expire') {
            await letExpire(ids[index]!);
            if (holds[index]!.status === 'open') holds[index]!.status = 'expired';
          }
          expect(await money(account)).toBe(`${cents(balance)} ${cents(held())}`);
        }
        const { rows } = await database.pool.query('select id, status from holds where account_id = $1', [account]);
        expect(new Map(rows.map((row) => [row.id, row.status]))).toEqual(
          new Map(ids.map((id, i) => [id, holds[i]!.status])),
        );
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 500) / 10 },
    );
  });
});
