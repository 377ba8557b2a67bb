/** 13.1 `npm run verify` proves the invariants by SQL of its own: a healthy ledger passes, and each that is broken is named. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { Client } from 'pg';
import type Stripe from 'stripe';
import type { StripeSimulator } from '../../dev/stripe/server';
import { createStripe } from '../../stripe/client';
import { holds, prove, tableOf } from '../../verify/prove';
import { toProvider, verifyProvider } from '../../verify/provider';
import { allChecks, verify, type Result } from '../../verify/verify';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { makeHealthyWorld } from '../support/healthyWorld';
import type { PaidPayment } from '../support/paid';
import { testProvider } from '../support/provider';
import { startTestSimulator } from '../support/simulator';

const SECRET_KEY = 'sk_test_verify';
let database: TestDatabase;
let simulator: StripeSimulator;
let stripe: Stripe;
let paid: PaidPayment;
beforeAll(async () => {
  database = await createTestDatabase();
  simulator = await startTestSimulator();
  stripe = createStripe({ secretKey: SECRET_KEY, apiBase: simulator.url });
  paid = await makeHealthyWorld(database.pool, stripe, simulator.url);
});
afterAll(async () => {
  await simulator.stop();
  await database.drop();
});

/** Looks, by what `look` does, at a database in which the statement has done its harm; it is undone after that. */
async function broken(statement: string, look: (client: Client) => Promise<Result[]>): Promise<Result[]> {
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  try {
    await client.query('begin');
    // No trigger stands in the way, as in a restore that went wrong.
    await client.query('set local session_replication_role = replica');
    const { rowCount } = await client.query(statement);
    if (rowCount === 0) throw new Error(`${statement} changed nothing`);
    return await look(client);
  } finally {
    await client.end();
  }
}
const failing = (results: readonly Result[]): Result[] => results.filter(({ differences }) => differences > 0);
const namesOf = (results: readonly Result[]): string[] => results.map(({ invariant }) => invariant.split(' ')[0]!);

describe('a healthy ledger', () => {
  test('every invariant holds, over ranges of any size, and each has looked at rows', async () => {
    const options = { databaseUrl: database.url, provider: toProvider(SECRET_KEY, simulator.url), graceSeconds: 0 };
    const results = await prove({ ...options, accountsPerRange: 2, eventsPerRange: 1 });
    expect(tableOf(failing(results))).toBe(tableOf([]));
    expect(results.filter(({ checked }) => checked === 0)).toEqual([]);
    const whole = await prove(options);
    expect(holds(whole)).toBe(true);
    expect(whole.map(({ checked }) => checked)).toEqual(results.map(({ checked }) => checked));
  });

  test('the command prints the table and ends with 0, and with 1 when one does not hold', async () => {
    const run = () =>
      new Promise<{ code: number; output: string }>((resolve) => {
        const env = { PATH: process.env.PATH, DATABASE_URL: database.url };
        const program = join(__dirname, '..', '..', 'dist', 'verify', 'main.js');
        execFile(process.execPath, [program], { env }, (error, stdout) =>
          resolve({ code: error === null ? 0 : Number(error.code), output: stdout }),
        );
      });
    const healthy = await run();
    expect(healthy.output).toMatch(/^1\.1 The balance is the sum of its lines +6 +0$/m);
    expect(healthy).toMatchObject({ code: 0, output: expect.stringContaining('invariants hold') });
    await database.owner.query('update balances set low_level_nano = 4 where account_id = $1', ['payer']);
    const sick = await run();
    await database.owner.query('update balances set low_level_nano = 5000000000 where account_id = $1', ['payer']);
    expect(sick).toMatchObject({
      code: 1,
      output: expect.stringMatching(/5\.2 .*\n +payer: low at 4, must be 5000000000/),
    });
  });
});

/** Invariant, what breaks it, and whom it must name. */
const harms: [invariant: string, statement: string, place: string][] = [
  ['1.1', `update balances set balance_nano = balance_nano + 1 where account_id = 'payer'`, 'payer'],
  ['1.2', `update ledger_lines set balance_after_nano = 7 where account_id = 'payer' and sequence = 2`, 'payer'],
  ['1.3', `delete from balances where account_id = 'payer'`, 'payer'],
  ['1.3', `update ledger_lines set account_id = 'nobody' where account_id = 'batcher' and kind <> 'usage'`, 'nobody'],
  ['1.4', `update ledger_lines set counterparty = 'adjustments' where kind = 'refund'`, 'payer'],
  [
    '1.4',
    `update ledger_lines set reference = 'prepayment/none' where kind = 'prepayment' and account_id = 'disputed'`,
    'disputed',
  ],
  ['1.5', `update payments set amount_cents = amount_cents + 1 where account_id = 'payer'`, 'all accounts'],
  [
    '2.1',
    `update ledger_lines set amount_nano = amount_nano - 1 where kind = 'usage' and account_id = 'payer' and amount_nano < 0`,
    'payer',
  ],
  ['2.1', `delete from usage_events where account_id = 'payer' and event_id = 'unsummed'`, 'payer'],
  ['2.2', `update usage_events set sequence = sequence + 100 where event_id = 'unsummed'`, 'payer'],
  ['2.3', `insert into usage_events select * from usage_events where event_id = 'summed'`, 'payer'],
  ['2.4', `update usage_days set cost_nano = cost_nano + 1 where account_id = 'payer'`, 'payer'],
  ['2.5', `update usage_days set model = 'another' where account_id = 'payer'`, 'payer'],
  ['2.6', `update ledger_lines set amount_nano = amount_nano + 1 where kind = 'usage_reversal'`, 'payer'],
  ['2.7', `update holds set charged_nano = charged_nano + 1 where status = 'settled'`, 'payer'],
  ['3.1', `update payments set payment_intent_id = null where account_id = 'disputed'`, 'disputed'],
  ['3.1', `delete from ledger_lines where kind = 'reload'`, 'reloader'],
  ['3.2', `update payments set status = 'failed' where account_id = 'disputed'`, 'disputed'],
  ['3.3', `update ledger_lines set amount_nano = amount_nano * 100 where kind = 'refund'`, 'payer'],
  ['3.4', `update reloads set state = 'failed' where state = 'succeeded'`, 'reloader'],
  ['3.4', `update payments set status = 'processing' where purpose = 'reload' and status = 'succeeded'`, 'reloader'],
  [
    '3.6',
    `insert into payment_attempts (payment_id, attempt, payment_method_id, confirmations, outcome)
    select payment_id, 1, 'pm_other', 1, 'succeeded' from payment_attempts`,
    'reloader',
  ],
  [
    '3.7',
    `insert into refund_requests (id, account_id, payment_id, idempotency_key, request_hash, amount_cents, status, refund_id, actor)
    select gen_random_uuid(), account_id, id, 'k', 'h', 1, 'made', 're_1', 'test' from payments where status = 'canceled'`,
    'reloader',
  ],
  ['4.1', `delete from ledger_lines where account_id = 'payer' and sequence = 3`, 'payer'],
  ['4.2', `update balances set watermark = 0 where account_id = 'payer'`, 'payer'],
  ['4.2', `update balances set folded_news = news + 1 where account_id = 'payer'`, 'payer'],
  ['5.1', `update balances set gate_state = 'low' where account_id = 'payer'`, 'payer'],
  ['5.1', `update balances set gate_state = 'ok', gate_reasons = '{}' where account_id = 'disputed'`, 'disputed'],
  ['5.1', `update balances set reload_due_at = now() where account_id = 'payer'`, 'payer'],
  ['5.2', `update balances set trigger_level_nano = 1 where account_id = 'reloader'`, 'reloader'],
  ['5.3', `update balances set wake = not wake where account_id = 'payer'`, 'payer'],
  ['5.4', `delete from suspensions where account_id = 'disputed'`, 'disputed'],
  ['6.1', `update balances set held_nano = held_nano + 1 where account_id = 'payer'`, 'payer'],
  ['6.1', `update holds set account_id = 'nobody' where status = 'open'`, 'nobody'],
  ['6.2', `update holds set expires_at = now() - interval '1 hour' where status = 'open'`, 'payer'],
  ['6.2', `update accounts set closing_at = now() where id = 'payer'`, 'payer'],
  ['6.3', `update holds set released_nano = 1 where status = 'released'`, 'payer'],
  ['6.4', `update batches set reserved_tokens = reserved_tokens + 1 where status = 'in_progress'`, 'batcher'],
  ['6.4', `update batches set held_nano = held_nano - 500000001 where status = 'in_progress'`, 'batcher'],
  ['6.4', `update batches set held_nano = held_nano + 1 + requests where status = 'in_progress'`, 'batcher'],
  ['6.5', `update batches set failed = failed + 1 where status = 'in_progress'`, 'batcher'],
  ['6.6', `update batches set charged_nano = charged_nano + 1 where status = 'expired'`, 'batcher'],
  [
    '6.7',
    `insert into limit_requests (account_id, key, requested, reason, actor) values ('closed', 'k', 1, 'r', 'a')`,
    'closed',
  ],
  ['6.8', `delete from limit_raises`, 'payer'],
];

test('6.4 a nano-dollar for each request, by which the estimate of a whole job is rounded up, is no difference', async () => {
  const rounded = `update batches set held_nano = held_nano + requests where status = 'in_progress'`;
  const results = await broken(rounded, (client) => verify(client, { graceSeconds: 900, only: '6.4' }));
  expect(failing(results)).toEqual([]);
});

test.each(harms)('%s is named after: %s', async (invariant, statement, place) => {
  const found = failing(await broken(statement, (client) => verify(client, { graceSeconds: 900, only: invariant })));
  expect(namesOf(found)).toEqual([invariant]);
  expect(found[0]!.first.map((difference) => difference.place)).toContain(place);
});

test('3.5 two reloads in flight are named, should the index be gone that forbids them', async () => {
  const found = await broken(
    `update reloads set closed_at = null, state = 'charging' where state = 'canceled'`,
    async (client) => {
      await client.query('drop index reloads_one_open');
      await client.query(`update reloads set closed_at = null, state = 'charging'`);
      return verify(client, { graceSeconds: 900, only: '3.5' });
    },
  );
  expect(namesOf(failing(found))).toEqual(['3.5']);
});

test('every invariant has been broken by one of these tests', () => {
  const all = allChecks({ graceSeconds: 900 }).map(({ invariant }) => invariant.split(' ')[0]!);
  expect(all.filter((invariant) => invariant !== '3.5' && !harms.some(([broken]) => broken === invariant))).toEqual([]);
});

describe('the payment provider', () => {
  const ask = (client: Client) => verifyProvider(client, toProvider(SECRET_KEY, simulator.url), { graceSeconds: 0 });
  test.each([
    ['P.1', `update payments set status = 'canceled' where account_id = 'disputed'`, 'disputed'],
    [
      'P.1',
      `update ledger_lines set amount_nano = amount_nano - 1 where kind = 'prepayment' and account_id = 'payer'`,
      'payer',
    ],
    ['P.3', `update payments set payment_intent_id = 'pi_nowhere' where account_id = 'disputed'`, 'disputed'],
    ['P.4', `delete from ledger_lines where kind = 'refund'`, 'payer'],
    ['P.4', `update ledger_lines set amount_nano = amount_nano - 1 where kind = 'dispute'`, 'disputed'],
  ])('%s is named after: %s', async (invariant, statement, place) => {
    const found = failing(await broken(statement, ask));
    expect(namesOf(found)).toContain(invariant);
    expect(found.flatMap(({ first }) => first.map((difference) => difference.place))).toContain(place);
  });

  test('P.2 a second capture for one payment is named, and P.1, as it is not credited', async () => {
    const { stripe_customer_id: customerId } = (
      await database.pool.query<{ stripe_customer_id: string }>(
        `select stripe_customer_id from accounts where id = 'payer'`,
      )
    ).rows[0]!;
    const claim = { paymentId: paid.id, accountId: 'payer', purpose: 'prepayment' as const, cents: 5_000, customerId };
    const again = await testProvider(stripe).createIntent(
      { ...claim, idempotencyKey: null, requestHash: null, reloadNumber: null },
      1,
    );
    if (again.kind !== 'created') throw new Error('no second PaymentIntent');
    const method = await stripe.paymentMethods.attach('pm_card_visa', { customer: customerId });
    await stripe.paymentIntents.confirm(again.id, {
      payment_method: method.id,
      off_session: true,
      return_url: 'https://ballast.example/',
    });
    const results = await prove({
      databaseUrl: database.url,
      provider: toProvider(SECRET_KEY, simulator.url),
      graceSeconds: 0,
    });
    expect(namesOf(failing(results))).toEqual(['P.1', 'P.2']);
    expect(tableOf(results)).toContain(`payment ${paid.id} was captured again`);
    const patient = await prove({
      databaseUrl: database.url,
      provider: toProvider(SECRET_KEY, simulator.url),
      graceSeconds: 900,
    });
    expect(namesOf(failing(patient))).toEqual(['P.2']);
  });
});
