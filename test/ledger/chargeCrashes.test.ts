/** A6, A9: a charge that is cut off at any line and made again asks each method once, and its answer is that method's own. */
import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import pino from 'pino';
import type Stripe from 'stripe';
import type { StripeSimulator } from '../../dev/stripe/server';
import { createClock } from '../../ledger/clock';
import { transaction } from '../../ledger/db';
import { addPaymentMethod } from '../../ledger/methods/addPaymentMethod';
import { storeCustomer } from '../../ledger/methods/storeCustomer';
import { insertReload } from '../../ledger/reloads/insertReload';
import { recordStrike } from '../../ledger/reloads/recordStrike';
import { findViolations } from '../../ledger/transactions/findViolations';
import { charge } from '../../payments/charge';
import type { PaymentDeps } from '../../payments/deps';
import { createStripe } from '../../stripe/client';
import { createCustomer } from '../../stripe/paymentMethods';
import { toSavedCard } from '../../stripe/savedCard';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount } from '../support/ledgerAccount';
import { testLinks } from '../support/links';
import { linesOf } from '../support/paid';
import { testProvider } from '../support/provider';
import { startTestSimulator } from '../support/simulator';

const policy = { trigger: 'at_or_below' as const, retryDelaysMs: [0, 0] };
let database: TestDatabase;
let simulator: StripeSimulator;
let stripe: Stripe;
beforeAll(async () => {
  database = await createTestDatabase();
  simulator = await startTestSimulator();
  stripe = createStripe({ secretKey: 'sk_test_crash', apiBase: simulator.url });
});
afterAll(async () => {
  const violations = await findViolations(database.pool);
  await simulator.stop();
  await database.drop();
  expect(violations).toEqual([]);
});

class CutOff extends Error {}

/** Counts the steps of a process, a step before and one after each query and each call of Stripe, and ends it at one of them. */
class Steps {
  private taken = 0;
  constructor(private readonly end: number) {}
  private step(): void {
    if (++this.taken === this.end) throw new CutOff(`cut off at step ${this.end}`);
  }
  /** Returns whether it came to its end before it was done. */
  async run(work: (deps: PaymentDeps) => Promise<unknown>): Promise<'done' | 'cut off'> {
    const pool = this.around(database.pool, ['query'], {
      connect: async () => {
        const client = await database.pool.connect();
        return this.around<PoolClient>(client, ['query'], {});
      },
    });
    const provider = testProvider(stripe);
    const deps: PaymentDeps = {
      pool,
      provider: this.around(provider, Object.keys(provider), {}),
      policy,
      clock: createClock(),
      log: pino({ level: 'silent' }),
      links: testLinks,
    };
    try {
      await work(deps);
      return 'done';
    } catch (error) {
      if (!(error instanceof CutOff)) throw error;
      return 'cut off';
    }
  }
  private around<T extends object>(target: T, names: readonly string[], instead: object): T {
    return new Proxy(target, {
      get: (_target, name) => {
        if (name in instead) return instead[name as never] as unknown;
        const value = target[name as never] as unknown;
        if (typeof value !== 'function') return value;
        if (!names.includes(name as string)) return value.bind(target) as unknown;
        return async (...of: unknown[]) => {
          // What is gone does not roll back by itself: its connection's end does.
          if (of[0] !== 'rollback') this.step();
          const answer: unknown = await value.apply(target, of);
          if (of[0] !== 'rollback') this.step();
          return answer;
        };
      },
    });
  }
}

/** An open reload of an account with these test cards, as primary and backup. */
async function openReload(cards: string[]) {
  const accountId = await openAccount(database.pool);
  const customerId = (await storeCustomer(database.pool, accountId, await createCustomer(stripe, accountId)))!;
  const methodIds: string[] = [];
  for (const [nth, card] of cards.entries()) {
    const method = await stripe.paymentMethods.attach(card, { customer: customerId });
    methodIds.push(method.id);
    await transaction(database.pool, (tx) =>
      addPaymentMethod(tx, accountId, toSavedCard(method), nth === 0 ? 'primary' : 'backup'),
    );
  }
  await database.pool.query(
    `update account_states set status = 'on', threshold_cents = 1000, amount_cents = 2500 where account_id = $1`,
    [accountId],
  );
  const paymentId = randomUUID();
  await transaction(database.pool, (tx) =>
    insertReload(tx, { reloadId: paymentId, accountId, nowMs: Date.now(), actor: 'workflow' }, 2_500, null),
  );
  return { accountId, customerId, paymentId, methodIds };
}
type Opened = Awaited<ReturnType<typeof openReload>>;

/** Charges as the workflow does: each method in turn until one pays, then the strike; what is cut off is asked again. */
async function attempt(opened: Opened, nth: number, end: number): Promise<'done' | 'cut off'> {
  const { accountId, paymentId, methodIds } = opened;
  let steps = new Steps(end);
  let outcome: 'done' | 'cut off' = 'done';
  for (const [place, methodId] of methodIds.entries()) {
    const one = {
      accountId,
      paymentId,
      attempt: nth,
      methodId,
      role: place === 0 ? 'primary' : 'backup',
      nowMs: Date.now(),
    };
    const declined = await charged(one);
    if (!declined) return outcome;
  }
  await transaction(database.pool, (tx) =>
    recordStrike(tx, { accountId, reloadId: paymentId, attempt: nth, methodsVersion: 0, nowMs: Date.now() }, policy),
  );
  return outcome;

  async function charged(one: Parameters<typeof charge>[1]): Promise<boolean> {
    for (let tries = 0; tries < 4; tries++) {
      let kind = '';
      const ran = await steps.run(async (deps) => (kind = (await charge(deps, one)).kind));
      if (ran === 'done' && kind !== 'unknown') return kind === 'declined';
      if (ran === 'cut off') outcome = 'cut off';
      steps = new Steps(Infinity);
    }
    throw new Error('it does not come to an end');
  }
}

async function seen({ accountId, customerId }: Opened) {
  const { data } = await stripe.charges.list({ customer: customerId, limit: 100 });
  const { rows } = await database.pool.query<{ strikes: number }>(
    'select strikes from account_states where account_id = $1',
    [accountId],
  );
  const intents = await stripe.paymentIntents.list({ customer: customerId, limit: 100 });
  return {
    charges: data.map(({ status, payment_method }) => `${status} ${payment_method}`).reverse(),
    open: intents.data.filter(({ status }) => status !== 'succeeded').length,
    strikes: rows[0]!.strikes,
    lines: await linesOf(database.pool, accountId),
  };
}

/** A step before and one after something are mostly the same moment to the others: with every third, each is met. */
const STRIDE = 3;
async function atEachStep(check: (end: number) => Promise<'done' | 'cut off'>): Promise<void> {
  let end = 1;
  while ((await check(end)) === 'cut off') end += STRIDE;
  expect(end).toBeGreaterThan(30);
}

test('A6 cut off at any line: the primary is declined once, the backup pays once, and nothing is a strike', async () => {
  await atEachStep(async (end) => {
    const opened = await openReload(['pm_card_chargeCustomerFail', 'pm_card_visa']);
    const outcome = await attempt(opened, 1, end);
    const [primary, backup] = opened.methodIds;
    expect({ end, ...(await seen(opened)) }).toEqual({
      end,
      charges: [`failed ${primary}`, `succeeded ${backup}`],
      open: 0,
      strikes: 0,
      lines: ['reload 25.00'],
    });
    return outcome;
  });
}, 300_000);

test('A8 cut off at any line: two methods that decline are asked once each in an attempt, and make one strike', async () => {
  await atEachStep(async (end) => {
    const opened = await openReload(['pm_card_chargeCustomerFail', 'pm_card_chargeCustomerFail']);
    const outcome = await attempt(opened, 1, end);
    const [primary, backup] = opened.methodIds;
    expect({ end, ...(await seen(opened)) }).toMatchObject({
      end,
      charges: [`failed ${primary}`, `failed ${backup}`],
      strikes: 1,
      lines: [],
    });
    return outcome;
  });
}, 300_000);

test('A8 cut off at any line: a card that was declined in the attempt before is asked anew, and its old decline is no strike', async () => {
  await atEachStep(async (end) => {
    const opened = await openReload(['pm_card_chargeCustomerFail']);
    await attempt(opened, 1, Infinity);
    const outcome = await attempt(opened, 2, end);
    const [primary] = opened.methodIds;
    expect({ end, ...(await seen(opened)) }).toMatchObject({
      end,
      charges: [`failed ${primary}`, `failed ${primary}`],
      strikes: 2,
      lines: [],
    });
    return outcome;
  });
}, 300_000);
