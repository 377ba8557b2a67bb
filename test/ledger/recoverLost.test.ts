/** O4: before anything is charged, all that an older copy of the database has lost is found, whoever has found some before. */
import { randomUUID } from 'node:crypto';
import pino from 'pino';
import type Stripe from 'stripe';
import type { StripeSimulator } from '../../dev/stripe/server';
import { storeCustomer } from '../../ledger/methods/storeCustomer';
import { findViolations } from '../../ledger/transactions/findViolations';
import type { SyncDeps } from '../../payments/deps';
import { reconcilePayment } from '../../payments/reconcile';
import { recoverLost } from '../../payments/recoverLost';
import { createClock } from '../../ledger/clock';
import { createStripe } from '../../stripe/client';
import { createCustomer } from '../../stripe/paymentMethods';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount } from '../support/ledgerAccount';
import { linesOf } from '../support/paid';
import { testClaims, testProvider } from '../support/provider';
import { startTestSimulator } from '../support/simulator';

const policy = { trigger: 'at_or_below' as const, retryDelaysMs: [60_000] };
let database: TestDatabase;
let simulator: StripeSimulator;
let stripe: Stripe;
let deps: SyncDeps;
beforeAll(async () => {
  database = await createTestDatabase();
  simulator = await startTestSimulator();
  stripe = createStripe({ secretKey: 'sk_test_lost', apiBase: simulator.url });
  deps = {
    pool: database.pool,
    provider: testProvider(stripe),
    policy,
    clock: createClock(),
    log: pino({ level: 'silent' }),
  };
});
afterAll(async () => {
  const violations = await findViolations(database.pool);
  await simulator.stop();
  await database.drop();
  expect(violations).toEqual([]);
});

/** So many payments of $5 that Stripe has taken and this database has lost, newest first. */
async function losePayments(accountId: string, count: number): Promise<{ customerId: string; intents: string[] }> {
  const customerId = (await storeCustomer(database.pool, accountId, await createCustomer(stripe, accountId)))!;
  const method = await stripe.paymentMethods.attach('pm_card_visa', { customer: customerId });
  const intents: string[] = [];
  for (let nth = 1; nth <= count; nth++) {
    const claim = {
      paymentId: randomUUID(),
      accountId,
      purpose: 'prepayment' as const,
      cents: 500,
      customerId,
      idempotencyKey: `key-${nth}`,
      requestHash: null,
      reloadNumber: null,
    };
    const { id } = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      customer: customerId,
      confirm: true,
      payment_method: method.id,
      return_url: 'https://ballast.example/',
      metadata: testClaims.metadataOf(claim),
    });
    intents.unshift(id);
  }
  return { customerId, intents };
}

test('O4 what was lost is found on every page, also where the newest page was rebuilt by others before', async () => {
  const account = await openAccount(database.pool);
  const { customerId, intents } = await losePayments(account, 45);
  for (const intent of intents.slice(0, 25)) await reconcilePayment(deps, intent, Date.now());
  await recoverLost(deps, { accountId: account, customerId }, Date.now());
  expect(await linesOf(database.pool, account)).toEqual(Array<string>(45).fill('prepayment 5.00'));
});

test('O4 a look that is cut off at any payment finds the rest the next time', async () => {
  const account = await openAccount(database.pool);
  const { customerId } = await losePayments(account, 25);
  let left = 22;
  const cutOff: SyncDeps = {
    ...deps,
    provider: {
      ...deps.provider,
      seeTakenBack: (...of) => {
        if (left-- === 0) throw new Error('cut off');
        return deps.provider.seeTakenBack(...of);
      },
    },
  };
  await expect(recoverLost(cutOff, { accountId: account, customerId }, Date.now())).rejects.toThrow('cut off');
  await recoverLost(deps, { accountId: account, customerId }, Date.now());
  expect(await linesOf(database.pool, account)).toEqual(Array<string>(25).fill('prepayment 5.00'));
});

test('O4 what was lost is found behind however many pages', async () => {
  const account = await openAccount(database.pool);
  const { customerId, intents } = await losePayments(account, 1);
  const { items } = await deps.provider.listIntents(customerId, null);
  const PAGES = 250;
  const asked: (string | null)[] = [];
  const manyPages: SyncDeps = {
    ...deps,
    provider: {
      ...deps.provider,
      // All but the last are pages of what another integration has made for this customer.
      listIntents: (_customerId, after) => {
        const page = asked.push(after);
        return Promise.resolve(page < PAGES ? { items: [], next: `page-${page}` } : { items, next: null });
      },
    },
  };
  await recoverLost(manyPages, { accountId: account, customerId }, Date.now());
  expect([asked.length, asked.at(-1)]).toEqual([PAGES, `page-${PAGES - 1}`]);
  expect(await linesOf(database.pool, account)).toEqual(['prepayment 5.00']);
  expect(
    await deps.pool.query('select payment_intent_id as id from payments where account_id = $1', [account]),
  ).toMatchObject({ rows: [{ id: intents[0] }] });
});

test('O4 payments of another integration do not hide what was lost before them', async () => {
  const account = await openAccount(database.pool);
  const { customerId } = await losePayments(account, 1);
  for (let nth = 0; nth < 21; nth++)
    await stripe.paymentIntents.create({ amount: 900, currency: 'usd', customer: customerId });
  await recoverLost(deps, { accountId: account, customerId }, Date.now());
  expect(await linesOf(database.pool, account)).toEqual(['prepayment 5.00']);
});

test('O4 what another customer of the account has paid is found; where there is no search, charging goes on', async () => {
  const account = await openAccount(database.pool);
  await losePayments(account, 3);
  // Stripe has forgotten the key: it makes another customer.
  await fetch(`${simulator.url}/_sim/idempotency-keys`, { method: 'DELETE' });
  const customerId = await createCustomer(stripe, account);
  const stranger = await openAccount(database.pool, account.toUpperCase());
  const without: SyncDeps = {
    ...deps,
    provider: { ...deps.provider, searchIntents: () => Promise.resolve(null) },
  };
  await recoverLost(without, { accountId: account, customerId }, Date.now());
  expect(await linesOf(database.pool, account)).toEqual([]);
  for (const accountId of [account, stranger]) await recoverLost(deps, { accountId, customerId }, Date.now());
  expect(await linesOf(database.pool, account)).toEqual(Array<string>(3).fill('prepayment 5.00'));
  expect(await linesOf(database.pool, stranger)).toEqual([]);
});
