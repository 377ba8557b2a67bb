/** A7: payments that Stripe does not cancel: what is waited, who is told, and what it means for a reload and for a prepayment. */
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import pino from 'pino';
import { createClock } from '../../ledger/clock';
import { createActivities } from '../../activities';
import { recordCancelFailure } from '../../ledger/reloads/recordCancelFailure';
import { transaction } from '../../ledger/db';
import { findPaymentOfIntent } from '../../ledger/payments/findPaymentOfIntent';
import type { Payment } from '../../ledger/payments/payment';
import { createStripe } from '../../stripe/client';
import { testProvider } from '../support/provider';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount } from '../support/ledgerAccount';
import { testAdmins, testLinks } from '../support/links';
import { startTestSimulator } from '../support/simulator';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function unpaid(purpose: Payment['purpose'], status = 'processing'): Promise<Payment> {
  const { pool } = database;
  const intent = `pi_${randomUUID()}`;
  await pool.query(
    `insert into payments (id, account_id, purpose, amount_cents, status, payment_intent_id, actor) values ($1, $2, $3, 500, $4, $5, 'test')`,
    [randomUUID(), await openAccount(pool), purpose, status, intent],
  );
  return (await findPaymentOfIntent(pool, intent))!;
}

/** Fails so often, a second apart: how long is waited after each, in seconds, and which of them raised the alarm. */
async function fail(payment: Payment, times: number): Promise<{ waits: number[]; alarms: number[] }> {
  const waits: number[] = [];
  const alarms: number[] = [];
  for (let nth = 1; nth <= times; nth++) {
    const nowMs = Date.now() + nth * 1_000;
    const { alarm } = await transaction(database.pool, (tx) =>
      recordCancelFailure(tx, payment, 'Stripe is away', nowMs),
    );
    const { rows } = await database.pool.query<{ due: Date }>(
      'select cancel_due_at as due from payments where id = $1',
      [payment.id],
    );
    waits.push((rows[0]!.due.getTime() - nowMs) / 1_000);
    if (alarm) alarms.push(nth);
  }
  return { waits, alarms };
}

async function decisionsOf({ accountId }: Payment): Promise<string[]> {
  const { rows } = await database.pool.query<{ rule: string }>('select rule from decisions where account_id = $1', [
    accountId,
  ]);
  return rows.map(({ rule }) => rule);
}

test('A7 the payment of a reload: the waits double up to 5 minutes, and the fifth failure raises the alarm, once', async () => {
  const payment = await unpaid('reload');
  expect(await fail(payment, 12)).toEqual({ waits: [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300], alarms: [5] });
  expect(await decisionsOf(payment)).toEqual(['A7']);
});

test('A7 a prepayment that is not canceled holds up no reload: no alarm, and no decision says that it does', async () => {
  const payment = await unpaid('prepayment');
  expect((await fail(payment, 6)).alarms).toEqual([]);
  expect(await decisionsOf(payment)).toEqual([]);
});

test('A9 a refused key while canceling is an error in the log at once, an outage a warning', async () => {
  const simulator = await startTestSimulator();
  const { accountId, id: paymentId } = await unpaid('prepayment', 'requires_action');
  const logged = async (secretKey: string, apiBase: string): Promise<{ level: number; msg: string }[]> => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const { abandonPrepayment } = createActivities({
      pool: database.pool,
      provider: testProvider(createStripe({ secretKey, apiBase })),
      policy: { trigger: 'at_or_below', retryDelaysMs: [60_000] },
      links: testLinks,
      log,
      clock: createClock(),
      admins: testAdmins,
    });
    expect(await new MockActivityEnvironment().run(abandonPrepayment, { accountId, paymentId })).toEqual({
      done: false,
    });
    return lines.map((line) => JSON.parse(line) as { level: number; msg: string });
  };
  const notCanceled = expect.stringContaining('it can still be paid');
  expect(await logged('pk_wrong', simulator.url)).toMatchObject([{ level: 50, msg: notCanceled }]);
  expect(await logged('sk_test_good', 'http://127.0.0.1:9')).toMatchObject([{ level: 40, msg: notCanceled }]);
  await simulator.stop();
});
