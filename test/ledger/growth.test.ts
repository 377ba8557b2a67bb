/** What is asked of an account costs the same when it is old, and when there are many others: rows that are read are counted. */
import { randomUUID } from 'node:crypto';
import { findClosingRefund } from '../../ledger/accounts/findClosingRefund';
import { findOpenWork } from '../../ledger/accounts/findOpenWork';
import { listKeys } from '../../ledger/accounts/listKeys';
import { revokeMemberKeys } from '../../ledger/accounts/revokeMemberKeys';
import type { Tx } from '../../ledger/db';
import { readSnapshot } from '../../ledger/decisions/readSnapshot';
import { clearMark } from '../../ledger/methods/clearMark';
import { findMark } from '../../ledger/methods/findMark';
import { listPaymentMethods } from '../../ledger/methods/listPaymentMethods';
import { markUnusable } from '../../ledger/methods/markUnusable';
import { listPrepayments } from '../../ledger/payments/listPrepayments';
import { readPayment } from '../../ledger/payments/readPayment';
import { hasUncanceledReload } from '../../ledger/reloads/hasUncanceledReload';
import { ownAttempts } from '../../ledger/reloads/ownAttempts';
import { listSignInMembers } from '../../ledger/sessions/listSignInMembers';
import { readAutoReload } from '../../ledger/settings/readAutoReload';
import { listTimeline } from '../../ledger/timeline/listTimeline';
import { listTransactions } from '../../ledger/transactions/listTransactions';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount } from '../support/ledgerAccount';
import { rowsRead } from '../support/rowsRead';

/** A page of a list reads some rows of each of its tables; what grows with the account or with others reads thousands. */
const ROWS_MAX = 600;
const PAGE = { limit: 100, after: null };
/** One an hour: three years and more. */
const LINES = 30_000;
/** One a day. */
const PAYMENTS = 10_000;

let database: TestDatabase;
const paymentId = randomUUID();
beforeAll(async () => {
  database = await createTestDatabase();
  await openAccount(database.owner, 'old');
  await database.owner.query(`
    insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description, at)
    select 'old', i, kind, case kind when 'usage' then 'usage' else 'adjustments' end, case kind when 'usage' then -1 else 1 end, 1,
      case kind when 'usage' then 'usage/old/' || i else 'test/' || i end, 'usage/' || i, 'test', now() - make_interval(hours => ${LINES} - i)
    from (select i, case when i % 500 = 0 then 'adjustment' else 'usage' end as kind from generate_series(1, ${LINES}) i) line;
    update balances set sequence = ${LINES}, balance_nano = 100000000000 where account_id = 'old';

    insert into payments (id, account_id, purpose, amount_cents, status, payment_intent_id, actor, created_at, settled_at)
    select gen_random_uuid(), 'old', case when i <= 20 then 'prepayment' else 'reload' end, 500, 'succeeded', 'pi_' || i, 'test', at, at
    from (select i, now() - make_interval(hours => (${PAYMENTS} - i) * 24) as at from generate_series(1, ${PAYMENTS}) i) p;
    insert into payments (id, account_id, purpose, amount_cents, status, payment_intent_id, actor, created_at, settled_at)
    values ('${paymentId}', 'old', 'prepayment', 500, 'succeeded', 'pi_first', 'test', now() - interval '9 years', now() - interval '9 years');
    insert into reloads (id, account_id, number, state, due_at, opened_at, closed_at)
    select id, account_id, row_number() over (order by created_at), 'succeeded', created_at, created_at, created_at
    from payments where purpose = 'reload';
    insert into payment_attempts (payment_id, attempt, payment_method_id, confirmations, outcome, at)
    select id, 1, 'pm_old', 1, 'succeeded', created_at from payments;
    insert into decisions (id, account_id, at, kind, rule, because, known)
    select 'd' || i, 'old', now() - make_interval(hours => (10000 - i) * 24), 'test', 'A1', 'test', '{}' from generate_series(1, 10000) i;
    insert into audit (account_id, at, actor, action, details)
    select 'old', now() - make_interval(hours => (10000 - i) * 24), 'test', 'test', '{}' from generate_series(1, 10000) i;

    insert into accounts (id, name, tier) select 'other_' || i, 'Other', 'standard' from generate_series(1, 5000) i;
    insert into members (account_id, name, email, role, confirmed_at)
    select 'other_' || i, 'Other', 'o' || i || '@other.example', 'owner', now() from generate_series(1, 5000) i;
    insert into payments (id, account_id, purpose, amount_cents, actor) select gen_random_uuid(), 'other_' || i, 'reload', 500, 'test' from generate_series(1, 650) i;
    insert into payments (id, account_id, purpose, amount_cents, status, created_at, settled_at, actor)
    select gen_random_uuid(), 'other_' || i % 5000 + 1, 'prepayment', 500, 'succeeded', now() - make_interval(hours => i), now() - make_interval(hours => i), 'test' from generate_series(1, 20000) i;
    insert into reloads (id, account_id, number, state, due_at, closed_at)
    select id, account_id, 1, 'canceled', now(), now() from payments where account_id <> 'old' and purpose = 'reload';
    insert into api_keys (hash, role, member_id, name) select id::text::bytea, 'member', id, 'test' from members;
    insert into payment_methods (id, account_id, brand, last4, fingerprint, unusable_because)
    select 'pm_' || i, 'other_' || i, 'visa', '4242', 'same', 'stolen_card' from generate_series(1, 5000) i;
    update members set confirmed_at = now() where account_id = 'old';
    insert into api_keys (hash, role, name) values ('platform', 'admin', 'test');
    insert into payment_methods (id, account_id, brand, last4, fingerprint) values ('pm_old', 'old', 'visa', '4242', 'same')`);
  await database.owner.query('analyze');
});
afterAll(() => database.drop());

const nowMs = Date.now();
const dayAgo = (days: number): string => new Date(nowMs - days * 86_400_000).toISOString().slice(0, 10);
const all = { kinds: null, from: null, to: null };
const card = { id: 'pm_new', fingerprint: 'same', expYear: null, expMonth: null } as never;
const policy = { trigger: 'at_or_below' as const, retryDelaysMs: [60_000] };
const halfWay = new Date(nowMs - (LINES / 2) * 3_600_000).toISOString().replace('Z', '000Z');

type Question = (tx: Tx) => Promise<unknown>;
const QUESTIONS: Record<string, Question> = {
  'the saved methods': (tx) => listPaymentMethods(tx, 'old'),
  'A11 whether a card is marked': (tx) => findMark(tx, 'old', card),
  'A11 marking a card': (tx) => markUnusable(tx, { accountId: 'old', methodId: 'pm_old' }, 'stolen_card'),
  'A11 clearing the mark of a card, as each payment does': (tx) => clearMark(tx, 'old', 'pm_old'),
  'who may sign in with an address, which anybody may ask': (tx) => listSignInMembers(tx, 'O77@other.example'),
  'the keys of members': (tx) => listKeys(tx, 'old'),
  'the keys of the platform': (tx) => listKeys(tx, null),
  'S2 revoking the keys of members': (tx) => revokeMemberKeys(tx, 'old'),
  'C1 transactions since yesterday': (tx) => listTransactions(tx, 'old', PAGE, { ...all, from: dayAgo(1) }),
  'C1 transactions of an old day': (tx) =>
    listTransactions(tx, 'old', PAGE, { ...all, from: dayAgo(900), to: dayAgo(900) }),
  'C1 transactions up to an old day': (tx) => listTransactions(tx, 'old', PAGE, { ...all, to: dayAgo(900) }),
  'C2 the newest page of the timeline': (tx) => listTimeline(tx, 'old', PAGE),
  'C2 a page in the middle of the timeline': (tx) =>
    listTimeline(tx, 'old', { limit: 100, after: `${halfWay} decision/0000000000000000001` }),
  'what the workflow knows': (tx) => readSnapshot(tx, { accountId: 'old', knownRevision: 0 }, policy),
  'A7 whether a closed reload could still be paid': (tx) => hasUncanceledReload(tx, 'old'),
  'A12 auto-reload, and what it has spent this month': (tx) => readAutoReload(tx, 'old', nowMs),
  'one prepayment': (tx) => readPayment(tx, 'old', paymentId),
  'the prepayments': (tx) => listPrepayments(tx, 'old', 101, null),
  'S2 what keeps an account from being closed': (tx) => findOpenWork(tx, 'old'),
  'S2 which payment a closing refunds next': (tx) => findClosingRefund(tx, 'old', []),
};

test.each(Object.entries(QUESTIONS))('%s: costs the same in an old account among many', async (_, question) => {
  expect(await rowsRead(database, question)).toBeLessThan(ROWS_MAX);
});

test('C1 transactions of days are all of them and no others, at every edge', async () => {
  const days = [905, 904, 903, 902, 901, 900].map(dayAgo);
  for (const [from, to] of [
    [days[0]!, days[5]!],
    [days[1]!, days[1]!],
    [null, dayAgo(1_245)],
    [dayAgo(3), null],
    [days[3]!, days[2]!],
  ] as const) {
    const { rows } = await database.pool.query<{ sequence: bigint }>(
      `select sequence from ledger_lines where account_id = 'old' and ($1::date is null or (at at time zone 'utc')::date >= $1)
         and ($2::date is null or (at at time zone 'utc')::date <= $2) order by sequence desc`,
      [from, to],
    );
    const { data } = await listTransactions(database.pool, 'old', { limit: 200, after: null }, { ...all, from, to });
    expect(data.map(({ sequence }) => sequence)).toEqual(rows.slice(0, 200).map(({ sequence }) => Number(sequence)));
  }
});

test('C1 a line that stands before older ones, because the clock was set back, is in the statement of its day', async () => {
  const id = await openAccount(database.owner);
  const times = ['2026-03-01T23:59:50Z', '2026-03-02T00:00:20Z', '2026-03-01T23:59:55Z', '2026-03-02T00:00:10Z'];
  await database.owner.query(
    `insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description, at)
     select $1, nth, 'usage', 'usage', -1, -nth, 'usage/' || $1 || '/' || nth, 'usage/1', 'test', at
     from unnest($2::timestamptz[]) with ordinality t(at, nth)`,
    [id, times],
  );
  await database.owner.query('update balances set sequence = 4 where account_id = $1', [id]);
  const of = async (from: string | null, to: string | null) =>
    (await listTransactions(database.pool, id, PAGE, { kinds: null, from, to })).data.map(({ sequence }) => sequence);
  expect(await of('2026-03-01', '2026-03-01')).toEqual([3, 1]);
  expect(await of(null, '2026-03-01')).toEqual([3, 1]);
  expect(await of('2026-03-02', '2026-03-02')).toEqual([4, 2]);
  expect(await of('2026-03-02', null)).toEqual([4, 2]);
});

test('C2 pages of the timeline tell each happening once, and attempts from before they had an account, until a worker has come to them', async () => {
  const walk = async (): Promise<string[]> => {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { data, next } = await listTimeline(database.pool, 'old', { limit: 200, after });
      seen.push(...data.map(({ id }) => id));
      after = next;
    } while (after !== null && seen.length < 2_000);
    return seen;
  };
  const before = await walk();
  expect(new Set(before).size).toBe(before.length);
  // As the release before has left them.
  await database.owner.query('update payment_attempts set account_id = null');
  expect(await walk()).toEqual(before);
  expect([await ownAttempts(database.pool, 10_000), await ownAttempts(database.pool, 10_000)]).toEqual([10_000, 1]);
  expect(await ownAttempts(database.pool, 10_000)).toBe(0);
  expect(await walk()).toEqual(before);
});
