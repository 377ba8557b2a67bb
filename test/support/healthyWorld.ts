/** A ledger in which everything has happened once, by the product's own operations, with its charges at a Stripe simulator. */
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import pino from 'pino';
import type Stripe from 'stripe';
import { parseMoney } from '../../domain/money';
import { beginClosing } from '../../ledger/accounts/beginClosing';
import { finishClosing } from '../../ledger/accounts/finishClosing';
import { readClosing } from '../../ledger/accounts/readClosing';
import { closeBatch } from '../../ledger/batches/closeBatch';
import { endBatch } from '../../ledger/batches/endBatch';
import { recordResults, type NewResult } from '../../ledger/batches/recordResults';
import { createClock } from '../../ledger/clock';
import { transaction } from '../../ledger/db';
import { expireHolds } from '../../ledger/holds/expireHolds';
import { placeHold } from '../../ledger/holds/placeHold';
import { releaseHold } from '../../ledger/holds/releaseHold';
import { settleHold } from '../../ledger/holds/settleHold';
import { createLimitRequest } from '../../ledger/limits/createLimitRequest';
import { decideLimitRequest } from '../../ledger/limits/decideLimitRequest';
import { storeCustomer } from '../../ledger/methods/storeCustomer';
import { beginAttempt } from '../../ledger/reloads/beginAttempt';
import { closeReload } from '../../ledger/reloads/closeReload';
import { openReload } from '../../ledger/reloads/openReload';
import { endPayment } from '../../ledger/payments/endPayment';
import { readPaymentById } from '../../ledger/payments/readPaymentById';
import { setLevels } from '../../ledger/settings/setLevels';
import { postUsage } from '../../ledger/usage/postUsage';
import { postUsageReversal } from '../../ledger/usage/postUsageReversal';
import { sumUsage } from '../../ledger/usage/sumUsage';
import { refund } from '../../payments/refund';
import { takeBack } from '../../payments/takeBack';
import { createCustomer } from '../../stripe/paymentMethods';
import { completed, failed, insertBatchModel, runningBatch } from './batchJob';
import { credit, openAccount, priced } from './ledgerAccount';
import { payAtStripe, type PaidPayment } from './paid';
import { testProvider } from './provider';

const policy = { trigger: 'at_or_below' as const, retryDelaysMs: [60_000] };
const NOW = Date.UTC(2026, 5, 15);

/** @param simulatorUrl of the simulator that `stripe` asks. Returns the payment of account `payer`, of $50. */
export async function makeHealthyWorld(pool: Pool, stripe: Stripe, simulatorUrl: string): Promise<PaidPayment> {
  await insertBatchModel(pool);
  const log = pino({ level: 'silent' });
  const deps = { pool, provider: testProvider(stripe), policy, log, clock: createClock() };
  const look = (intent: string) => takeBack(deps, intent, Date.now());
  const payer = await openAccount(pool, 'payer');
  const paid = await payAtStripe(stripe, pool, payer, 5_000);
  await stripe.refunds.create({ payment_intent: paid.intent, amount: 1_000 });
  await look(paid.intent);
  const wish = { id: randomUUID(), cents: 500, idempotencyKey: 'refund', requestHash: 'refund', actor: 'test' };
  await refund(deps, (await readPaymentById(pool, paid.id))!, wish);

  // Nothing has happened on it.
  await openAccount(pool, 'fresh');
  const disputed = await openAccount(pool, 'disputed');
  const { intent } = await payAtStripe(stripe, pool, disputed, 2_500);
  await fetch(`${simulatorUrl}/_sim/disputes`, { method: 'POST', body: JSON.stringify({ paymentIntent: intent }) });
  await look(intent);

  await use(pool, payer);
  await hold(pool, payer);
  await runBatches(pool);
  await reload(pool, stripe, look);
  await decideLimit(pool, payer);
  await close(pool);
  return paid;
}

async function use(pool: Pool, account: string): Promise<void> {
  await postUsage(pool, [priced(account, 'summed', '1.00'), priced(account, 'reversed', '2.00', { outputTokens: 3 })]);
  await postUsage(pool, [priced(account, 'free', '0')]);
  while ((await sumUsage(pool, 100)) > 0);
  const reversal = { accountId: account, eventId: 'reversed', reason: 'a test', actor: 'test', idempotencyKey: 'one' };
  await transaction(pool, (tx) => postUsageReversal(tx, reversal));
  await postUsage(pool, [priced(account, 'unsummed', '0.50', { images: 2, imageSize: '1024x1024' })]);
}

async function hold(pool: Pool, accountId: string): Promise<void> {
  const place = async (): Promise<string> => {
    const asked = { accountId, amount: parseMoney('1'), expiresInSeconds: 600, requestHash: 'asked', openMax: 10 };
    const placed = await placeHold(pool, { ...asked, idempotencyKey: randomUUID() });
    if (placed.kind !== 'placed') throw new Error(`no hold: ${placed.kind}`);
    return placed.hold.id;
  };
  const [expiring, released, settled] = [await place(), await place(), await place()];
  await pool.query(`update holds set expires_at = now() - interval '1 second' where id = $1`, [expiring]);
  await expireHolds(pool, 100);
  await transaction(pool, (tx) => releaseHold(tx, accountId, released));
  const events = [priced(accountId, 'held', '0.25')];
  await transaction(pool, (tx) => settleHold(tx, { accountId, holdId: settled, events, settleHash: 'settled' }));
  await place();
}

async function runBatches(pool: Pool): Promise<void> {
  const account = await openAccount(pool, 'batcher');
  await credit(pool, account, '100.00');
  const report = (batchId: string, ...results: NewResult[]) =>
    transaction(pool, (tx) => recordResults(tx, { batchId, results, nowMs: Date.now() }));
  // One request costs more than its estimate, which the job's hold pays.
  await report(await runningBatch(pool, account, 5), completed('r1', '0.10'), failed('r2'), completed('r3', '1.50'));
  const ended = await runningBatch(pool, account, 2);
  await report(ended, completed('r1', '0.10'));
  await transaction(pool, (tx) => closeBatch(tx, ended));
  await transaction(pool, (tx) => endBatch(tx, { batchId: ended, end: 'expired' }, {}));
}

/** One reload that is paid, and one that closed unpaid and was canceled. */
async function reload(pool: Pool, stripe: Stripe, look: (intent: string) => Promise<unknown>): Promise<void> {
  const accountId = await openAccount(pool, 'reloader');
  const customerId = (await storeCustomer(pool, accountId, await createCustomer(stripe, accountId)))!;
  const method = await stripe.paymentMethods.attach('pm_card_visa', { customer: customerId });
  await pool.query(
    `update account_states set status = 'on', threshold_cents = 1000, amount_cents = 2500, version = 1 where account_id = $1`,
    [accountId],
  );
  await transaction(pool, (tx) => setLevels(tx, accountId, policy));
  const open = async (nowMs: number): Promise<string> => {
    const reloadId = randomUUID();
    const wish = { reloadId, accountId, settingsVersion: 1, nowMs, actor: 'test' };
    const opened = await transaction(pool, (tx) => openReload(tx, wish, policy));
    if (opened.kind !== 'opened') throw new Error(`no reload: ${opened.kind}`);
    return reloadId;
  };
  const unpaid = await open(NOW);
  const closing = { accountId, reloadId: unpaid, state: 'canceled' as const, because: 'a test', nowMs: NOW };
  await transaction(pool, (tx) => closeReload(tx, closing));
  await transaction(pool, async (tx) => endPayment(tx, (await readPaymentById(tx, unpaid))!, 'canceled'));

  const paymentId = await open(NOW + 1);
  const claim = { paymentId, accountId, purpose: 'reload' as const, cents: 2_500, customerId, reloadNumber: 2 };
  const created = await testProvider(stripe).createIntent({ ...claim, idempotencyKey: null, requestHash: null }, 0);
  if (created.kind !== 'created') throw new Error('no PaymentIntent');
  await pool.query('update payments set payment_intent_id = $2 where id = $1', [paymentId, created.id]);
  const attempt = { accountId, paymentId, attempt: 1, methodId: method.id, role: 'primary', nowMs: NOW + 2 };
  await transaction(pool, (tx) => beginAttempt(tx, attempt, policy));
  const confirmed = { payment_method: method.id, off_session: true, return_url: 'https://ballast.example/' };
  await stripe.paymentIntents.confirm(created.id, confirmed);
  await look(created.id);
}

async function decideLimit(pool: Pool, accountId: string): Promise<void> {
  const asked = { accountId, key: 'batch.requests_per_minute' as const, model: null, requested: 100_000 };
  const created = await transaction(pool, (tx) =>
    createLimitRequest(tx, { ...asked, reason: 'a test', actor: 'test', memberId: null }),
  );
  if (created.kind !== 'created') throw new Error(`no limit request: ${JSON.stringify(created)}`);
  const decision = { requestId: created.request.id, wish: { kind: 'approve' as const, granted: null } };
  await transaction(pool, (tx) => decideLimitRequest(tx, { ...decision, note: '', actor: 'test' }));
}

async function close(pool: Pool): Promise<void> {
  const accountId = await openAccount(pool, 'closed');
  await credit(pool, accountId, '3.00');
  const wish = { accountId, balance: 'forfeit' as const, reason: 'a test', actor: 'test' };
  await transaction(pool, (tx) => beginClosing(tx, { ...wish, nowMs: NOW }, policy));
  await transaction(pool, async (tx) => finishClosing(tx, (await readClosing(tx, accountId))!));
}
