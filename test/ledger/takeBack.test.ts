/** P5: refunds and disputes take the money back out, never more than was credited, never twice, whoever brings the news. */
import fc from 'fast-check';
import pino from 'pino';
import type Stripe from 'stripe';
import { createClock } from '../../ledger/clock';
import type { StripeSimulator } from '../../dev/stripe/server';
import { transaction } from '../../ledger/db';
import { findViolations } from '../../ledger/transactions/findViolations';
import { postUsage } from '../../ledger/usage/postUsage';
import { liftSuspension } from '../../ledger/accounts/liftSuspension';
import { applyEvent } from '../../payments/applyEvent';
import type { SyncDeps } from '../../payments/deps';
import { reconcilePayment } from '../../payments/reconcile';
import { takeBack } from '../../payments/takeBack';
import { createStripe } from '../../stripe/client';
import { testProvider } from '../support/provider';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount, priced } from '../support/ledgerAccount';
import { until } from '../support/notices';
import { beginAtStripe, linesOf, newsOf, payAtStripe } from '../support/paid';
import { startTestSimulator } from '../support/simulator';

const policy = { trigger: 'at_or_below' as const, retryDelaysMs: [60_000] };
let database: TestDatabase;
let simulator: StripeSimulator;
let stripe: Stripe;
let deps: SyncDeps;
beforeAll(async () => {
  database = await createTestDatabase();
  simulator = await startTestSimulator();
  stripe = createStripe({ secretKey: 'sk_test_take_back', apiBase: simulator.url });
  deps = {
    pool: database.pool,
    provider: testProvider(stripe),
    policy,
    log: pino({ level: 'silent' }),
    clock: createClock(),
  };
});
afterAll(async () => {
  const violations = await findViolations(database.pool);
  await simulator.stop();
  await database.drop();
  expect(violations).toEqual([]);
});

const look = (intent: string) => takeBack(deps, intent, Date.now());
const pay = (account: string, cents: number, card?: string) => payAtStripe(stripe, database.pool, account, cents, card);
const lines = (account: string) => linesOf(database.pool, account);
const sim = async <T>(path: string, body: object = {}): Promise<T> => {
  const answer = await fetch(`${simulator.url}/_sim${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return (await answer.json()) as T;
};
const dispute = async (paymentIntent: string, more: object = {}) =>
  (await sim<{ id: string }>('/disputes', { paymentIntent, ...more })).id;
const close = (id: string, outcome: 'won' | 'lost') => sim(`/disputes/${id}/close`, { outcome });
async function one<T>(query: string, account: string): Promise<T> {
  return (await database.pool.query(query, [account])).rows[0] as T;
}
const reasons = async (account: string): Promise<string[]> =>
  (await one<{ r: string[] }>('select set_reasons as r from balances where account_id = $1', account)).r;
const notices = async (account: string): Promise<object[]> =>
  (
    await database.pool.query<{ notice: object }>(
      `select data || jsonb_build_object('kind', kind) as notice from notices where account_id = $1 order by at, kind`,
      [account],
    )
  ).rows.map(({ notice }) => notice);
const turnOn = (account: string, thresholdCents: number) =>
  database.pool.query(
    `update account_states set status = 'on', threshold_cents = $2, amount_cents = 2500, version = 7 where account_id = $1`,
    [account, thresholdCents],
  );

test('P5 a refund in the dashboard before our own credit: first the credit, then the refund', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  await stripe.refunds.create({ payment_intent: intent, amount: 1_000 });
  await look(intent);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -10.00']);
  expect(await notices(account)).toMatchObject([{ kind: 'refund', amount: '10.00', balance: '15.00' }]);
});

test('P5 twenty simultaneous looks post one line, and each refund once', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  for (const amount of [500, 700]) {
    await stripe.refunds.create({ payment_intent: intent, amount });
    await Promise.all(Array.from({ length: 20 }, () => look(intent)));
  }
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -5.00', 'refund -7.00']);
  expect(await notices(account)).toHaveLength(2);
});

test('P5 a failed refund goes back, and can be made again', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  const { id } = await stripe.refunds.create({ payment_intent: intent });
  await look(intent);
  await sim(`/refunds/${id}/fail`);
  await look(intent);
  await stripe.refunds.create({ payment_intent: intent, amount: 2_500 });
  await look(intent);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -25.00', 'refund_reversal 25.00', 'refund -25.00']);
});

test('N1 a refund that comes back, and a dispute that is won, are each told once, whoever looks and how often', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  const { id: refundId } = await stripe.refunds.create({ payment_intent: intent, amount: 1_000 });
  await look(intent);
  await sim(`/refunds/${refundId}/fail`);
  await look(intent);
  await look(intent);
  expect(await notices(account)).toEqual([
    { kind: 'refund', status: 'made', amount: '10.00', balance: '15.00' },
    { kind: 'refund', status: 'came_back', amount: '10.00', balance: '25.00' },
  ]);
  const disputeId = await dispute(intent);
  await look(intent);
  await close(disputeId, 'won');
  await Promise.all([look(intent), look(intent)]);
  expect((await notices(account)).slice(2)).toEqual([
    { kind: 'dispute', status: 'opened', amount: '25.00' },
    { kind: 'dispute', status: 'won', amount: '25.00' },
  ]);
});

test('P5 a refund that failed before anybody looked has never moved anything', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500, 'pm_card_refundFail');
  await stripe.refunds.create({ payment_intent: intent });
  await look(intent);
  expect(await lines(account)).toEqual(['prepayment 25.00']);
});

test('P5 refund and dispute together never take more than was credited', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  const { id: refund } = await stripe.refunds.create({ payment_intent: intent, amount: 1_000 });
  await look(intent);
  await dispute(intent, { amount: 2_500 });
  await look(intent);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -10.00', 'dispute -15.00']);
  await sim(`/refunds/${refund}/fail`);
  await look(intent);
  expect((await lines(account)).slice(3)).toEqual(['refund_reversal 10.00', 'dispute -10.00']);
});

test('P5, S2 a dispute takes the money and suspends; won, it gives both back', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  const id = await dispute(intent);
  await look(intent);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'dispute -25.00']);
  expect(await reasons(account)).toEqual(['payment_disputed']);
  await close(id, 'won');
  await look(intent);
  await look(intent);
  expect((await lines(account)).slice(2)).toEqual(['dispute_reversal 25.00']);
  expect(await reasons(account)).toEqual([]);
  expect(await notices(account)).toMatchObject([
    { kind: 'dispute', status: 'opened', amount: '25.00' },
    { kind: 'dispute', status: 'won' },
  ]);
});

test('P5 a lost dispute suspends until an admin lifts it, and old news does not bring it back', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  const id = await dispute(intent);
  await look(intent);
  await close(id, 'lost');
  await look(intent);
  expect(await reasons(account)).toEqual(['payment_disputed']);
  await transaction(database.pool, (tx) => liftSuspension(tx, account, 'payment_disputed'));
  await look(intent);
  expect(await reasons(account)).toEqual([]);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'dispute -25.00']);
});

test('P5 an admin may lift an open dispute; lost later, it stays lifted', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  const id = await dispute(intent);
  await look(intent);
  await transaction(database.pool, (tx) => liftSuspension(tx, account, 'payment_disputed'));
  await close(id, 'lost');
  await look(intent);
  expect(await reasons(account)).toEqual([]);
});

test('P5 of two disputes one won leaves the other one as a reason', async () => {
  const account = await openAccount(database.pool);
  const [first, second] = [await pay(account, 2_500), await pay(account, 3_000)];
  const [won, open] = [await dispute(first.intent), await dispute(second.intent)];
  await Promise.all([look(first.intent), look(second.intent)]);
  await close(won, 'won');
  await look(first.intent);
  expect(await reasons(account)).toEqual(['payment_disputed']);
  await close(open, 'won');
  await look(second.intent);
  expect(await reasons(account)).toEqual([]);
});

test('P5 an inquiry takes no money and suspends nobody', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  await dispute(intent, { reason: 'inquiry' });
  await look(intent);
  expect(await lines(account)).toEqual(['prepayment 25.00']);
  expect(await reasons(account)).toEqual([]);
  expect(await notices(account)).toEqual([]);
});

test('P5 what leaves available at the threshold pauses auto-reload in the same transaction and tells the owners', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 3_000);
  await look(intent);
  await turnOn(account, 1_000);
  await postUsage(database.pool, [priced(account, 'used', '10.00')]);
  await stripe.refunds.create({ payment_intent: intent, amount: 900 });
  await look(intent);
  const settings = () =>
    one<object>(
      'select status, version::int, low_level_nano from account_states join balances using (account_id) where account_id = $1',
      account,
    );
  expect(await settings()).toMatchObject({ status: 'on', version: 7 });
  await stripe.refunds.create({ payment_intent: intent, amount: 100 });
  await look(intent);
  expect(await settings()).toEqual({ status: 'paused', version: 8, low_level_nano: 5_000_000_000n });
  const told = await notices(account);
  expect(told[0]).not.toHaveProperty('autoReloadPaused');
  expect(told[1]).toMatchObject({ kind: 'refund', amount: '1.00', balance: '10.00', autoReloadPaused: true });
  expect(await one('select kind, rule from decisions where account_id = $1', account)).toEqual({
    kind: 'pause',
    rule: 'P5',
  });
});

test('P5 a dispute pauses too; what comes back does not resume', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  await look(intent);
  await turnOn(account, 1_000);
  const id = await dispute(intent);
  await look(intent);
  expect(await notices(account)).toMatchObject([{ kind: 'dispute', status: 'opened', autoReloadPaused: true }]);
  await close(id, 'won');
  await look(intent);
  expect(await one('select status from account_states where account_id = $1', account)).toEqual({ status: 'paused' });
});

test('P3 a PaymentIntent of another amount is quarantined and told to operators once, and nothing is taken back of it', async () => {
  const account = await openAccount(database.pool);
  const { id, intent } = await pay(account, 2_500);
  await database.pool.query('update payments set amount_cents = 2400 where id = $1', [id]);
  await stripe.refunds.create({ payment_intent: intent, amount: 100 });
  const told: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void told.push(line) });
  for (const _again of [1, 2])
    expect((await takeBack({ ...deps, log }, intent, Date.now())).synced).toMatchObject({
      applied: { kind: 'quarantined', because: expect.stringContaining('2500 usd') },
    });
  expect(told).toEqual([expect.stringContaining('a payment is quarantined: an operator must look at it')]);
  expect(await lines(account)).toEqual([]);
  expect(await one('select status from payments where account_id = $1', account)).toEqual({ status: 'quarantined' });
});

test('P3 a quarantined payment that was given back is not quarantined again by late news; a refund of it that fails does so', async () => {
  const account = await openAccount(database.pool);
  const { id, intent } = await pay(account, 2_500);
  await database.pool.query('update payments set amount_cents = 2400 where id = $1', [id]);
  await turnOn(account, 500);
  await look(intent);
  const state = () =>
    one(
      'select p.status, s.status as reload from payments p join account_states s using (account_id) where p.account_id = $1',
      account,
    );
  expect(await state()).toEqual({ status: 'quarantined', reload: 'paused' });
  const refund = await stripe.refunds.create({ payment_intent: intent });
  await look(intent);
  expect(await state()).toEqual({ status: 'failed', reload: 'paused' });
  // The owner resumes, and Stripe's news comes late and twice.
  await turnOn(account, 500);
  for (const news of [...(await newsOf(stripe, intent)), ...(await newsOf(stripe, intent))])
    await applyEvent(deps, news, Date.now());
  await reconcilePayment(deps, intent, Date.now());
  expect(await state()).toEqual({ status: 'failed', reload: 'on' });
  await sim(`/refunds/${refund.id}/fail`);
  expect((await reconcilePayment(deps, intent, Date.now())).alarm).toContain('2500 usd');
  expect(await state()).toEqual({ status: 'quarantined', reload: 'on' });
  expect(await lines(account)).toEqual([]);
});

test('P5 the connection dies while Stripe is asked: nothing is posted, nothing stays locked, the next look posts it once', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  await stripe.refunds.create({ payment_intent: intent });
  await sim('/faults', { match: { method: 'GET', path: '^/v1/disputes$' }, times: 1, effect: 'delay', delayMs: 2_000 });
  const cut = expect(look(intent)).rejects.toThrow(/terminat|onnection/);
  const holder = `select pid from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' and granted and application_name = 'test' and datname = current_database()`;
  await until(
    async () => (await database.pool.query(holder)).rowCount,
    (held) => held === 1,
  );
  await database.pool.query(`select pg_terminate_backend(pid) from (${holder}) h`);
  await cut;
  expect(await lines(account)).toEqual([]);
  await Promise.all([look(intent), look(intent)]);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -25.00']);
});

test('P5 Stripe out of reach: nothing is posted, and the news may come again', async () => {
  const account = await openAccount(database.pool);
  const { intent } = await pay(account, 2_500);
  await stripe.refunds.create({ payment_intent: intent });
  await sim('/faults', { match: { method: 'GET', path: '^/v1/(refunds|disputes)$' }, times: 2, effect: 'error_500' });
  await expect(look(intent)).rejects.toThrow();
  expect(await lines(account)).toEqual([]);
  await look(intent);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -25.00']);
});

test('P4 news of what is not ours changes nothing', async () => {
  const { id } = await stripe.paymentIntents.create({
    amount: 900,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_visa',
    return_url: 'https://shop.example/',
  });
  await stripe.refunds.create({ payment_intent: id });
  expect((await look(id)).synced).toEqual({ kind: 'foreign' });
  expect((await look('pi_never_made')).synced).toEqual({ kind: 'foreign' });
});

test('P4 a PaymentIntent that was canceled at Stripe ends its payment', async () => {
  const account = await openAccount(database.pool);
  const { id, intent } = await beginAtStripe(stripe, database.pool, account, 2_500);
  await stripe.paymentIntents.cancel(intent);
  await applyEvent(
    deps,
    { eventId: 'evt_1', type: 'payment_intent.canceled', about: 'intent', paymentIntentId: intent },
    Date.now(),
  );
  expect((await database.pool.query('select status from payments where id = $1', [id])).rows).toEqual([
    { status: 'canceled' },
  ]);
});

/** What happens to one payment at Stripe, in this order; between any two of them old news may arrive, again and again. */
const life: ((intent: string, made: Map<string, string>) => Promise<void>)[] = [
  async (intent, made) =>
    void made.set('refund', (await stripe.refunds.create({ payment_intent: intent, amount: 400 })).id),
  async (intent) => void (await stripe.refunds.create({ payment_intent: intent, amount: 600 })),
  async (_intent, made) => void (await sim(`/refunds/${made.get('refund')!}/fail`)),
  async (intent, made) => void made.set('dispute', await dispute(intent, { amount: 2_500 })),
  async (_intent, made) => void (await close(made.get('dispute')!, 'won')),
];
/** What the ledger must say in the end, by how far its life went. */
const ends = ['25.00', '21.00', '15.00', '19.00', '0.00', '19.00'];

test('P4, P5 the events of a payment in any order, repeated, at any time: always the same end, never too much', async () => {
  const delivery = fc.array(fc.nat({ max: 30 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: life.length }),
      fc.array(delivery, { minLength: life.length, maxLength: life.length }),
      fc.infiniteStream(fc.nat()),
      async (steps, deliveries, random) => {
        const account = await openAccount(database.pool);
        const { intent } = await pay(account, 2_500);
        const made = new Map<string, string>();
        const deliver = async (picks: number[]): Promise<void> => {
          const news = await newsOf(stripe, intent);
          await Promise.all(picks.map((pick) => applyEvent(deps, news[pick % news.length]!, Date.now())));
        };
        for (let step = 0; step < steps; step++) {
          await deliver(deliveries[step]!);
          await life[step]!(intent, made);
        }
        const rest = (await newsOf(stripe, intent))
          .map((_, index) => index)
          .map((index) => ({ index, order: random.next().value as number }));
        for (const { index } of rest.sort((a, b) => a.order - b.order)) await deliver([index, index]);
        const { rows } = await database.pool.query<{ balance: string; least: string; count: number }>(
          `select (sum(amount_nano) / 10000000)::int as balance, min(balance_after_nano)::text as least, count(*) filter (where kind = 'prepayment')::int as count
       from ledger_lines where account_id = $1`,
          [account],
        );
        expect(rows[0]).toMatchObject({ balance: Number(ends[steps]) * 100, count: 1 });
        expect(BigInt(rows[0]!.least)).toBeGreaterThanOrEqual(0n);
        expect(await reasons(account)).toEqual(steps === 5 ? [] : steps === 4 ? ['payment_disputed'] : []);
      },
    ),
    { numRuns: Math.ceil(Number(process.env.PROPERTY_RUNS ?? 500) / 40) },
  );
});
