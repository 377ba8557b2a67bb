/** Payments that wait for their owner's confirmation, in skipped time: confirmed, given up, or superseded. */
import pino from 'pino';
import { createClock } from '../../ledger/clock';
import { syncIntent } from '../../payments/syncIntent';
import { testProvider } from '../support/provider';
import * as messages from '../../workflows/messages';
import type { TestAccount } from '../support/account';
import { until } from '../support/notices';
import { World } from '../support/world';

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'skipping' });
});
afterAll(() => world.close());
afterEach(() => world.clearFaults());

const HOUR = 3_600_000;
const wantsConfirmation = 'pm_card_authenticationRequired';
const settings = { threshold: '10.00', amount: '25.00' };

type PaymentRow = { id: string; status: string; intent: string; action_url: string | null };
async function newestPayment(account: TestAccount, purpose: 'prepayment' | 'reload', at = world): Promise<PaymentRow> {
  const { rows } = await at.database.pool.query<PaymentRow>(
    `select id, status, payment_intent_id as intent, action_url from payments
     where account_id = $1 and purpose = $2 and payment_intent_id is not null order by created_at desc limit 1`,
    [account.id, purpose],
  );
  return rows[0]!;
}
const confirmByOwner = (intent: string, at = world) =>
  at.simulate('POST', `/payment-intents/${intent}/confirm-by-owner`, { success: true });
const statusAtStripe = async (intent: string, at = world): Promise<string> =>
  (await at.stripe.paymentIntents.retrieve(intent)).status;
/** What a webhook does with its news. */
const bringNews = (intent: string, at = world) =>
  syncIntent(
    {
      pool: at.database.pool,
      provider: testProvider(at.stripe),
      policy: { trigger: 'at_or_below', retryDelaysMs: [] },
      log: pino({ level: 'silent' }),
      clock: createClock(),
    },
    intent,
    Date.now(),
  );
const kinds = async (account: TestAccount, kind: string): Promise<number> =>
  (await account.notices()).filter((notice) => notice === kind).length;

/** A prepayment whose owner was asked to confirm it. */
async function waitingPrepayment(at: World): Promise<{ account: TestAccount; payment: PaymentRow }> {
  const account = await at.account({ cards: [wantsConfirmation] });
  expect(await account.prepay('50.00')).toEqual({ kind: 'requires_action' });
  const payment = await newestPayment(account, 'prepayment', at);
  expect(payment).toMatchObject({
    status: 'requires_action',
    action_url: expect.stringContaining(`/confirm/${payment.intent}`),
  });
  return { account, payment };
}

describe('P2 a prepayment that waits for its owner', () => {
  test('A9 Stripe is away when its time is over: it is canceled when Stripe is back', async () => {
    const { account, payment } = await waitingPrepayment(world);
    await world.client.workflow.start('confirmation', {
      workflowId: `${messages.confirmationWorkflowId(payment.id)}/early`,
      taskQueue: messages.BALANCE_TASK_QUEUE,
      args: [{ accountId: account.id, paymentId: payment.id, untilMs: (await world.now()) + HOUR }],
    });
    await world.simulate('POST', '/faults', { match: { path: '^/v1/payment_intents' }, effect: 'error_503' });
    await world.sleep(2 * HOUR);
    expect(await newestPayment(account, 'prepayment')).toMatchObject({ status: 'requires_action' });
    await world.simulate('DELETE', '/faults');
    await world.sleep(HOUR);
    expect(await newestPayment(account, 'prepayment')).toMatchObject({ status: 'canceled' });
    expect(await statusAtStripe(payment.intent)).toBe('canceled');
  });

  test('A9 the answer to the confirmation was lost: it waits for its owner all the same', async () => {
    const account = await world.account({ cards: [wantsConfirmation] });
    await world.simulate('POST', '/faults', {
      match: { method: 'POST', path: '/confirm$' },
      times: 1,
      effect: 'timeout_after',
    });
    expect(await account.prepay('50.00')).toEqual({ kind: 'requires_action' });
    const { intent } = await newestPayment(account, 'prepayment');
    await confirmByOwner(intent);
    await bringNews(intent);
    expect(await account.credits()).toEqual(['prepayment 50.00']);
    expect(await account.paidCharges()).toBe(1);
  });
});

describe('A11 a reload that waits for its owner', () => {
  test('A11 it counts as a failure of the method: the backup is tried, and nobody is asked any more', async () => {
    const account = await world.account({
      balance: '20.00',
      cards: [wantsConfirmation, 'pm_card_mastercard'],
      autoReload: settings,
    });
    await account.use('15.00');
    await account.settle();
    expect(await account.reloads()).toMatchObject([
      { state: 'succeeded', attempts: ['1 primary declined', '1 backup succeeded'] },
    ]);
    expect(await account.paidCharges()).toBe(1);
    expect(await kinds(account, 'confirmation_needed')).toBe(1);
  });

  test('A11 three attempts ask owners once, and a confirmation afterwards is credited still', async () => {
    const account = await world.account({ balance: '20.00', cards: [wantsConfirmation], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await world.sleep(HOUR);
    await account.settle();
    expect(await account.autoReload()).toMatchObject({ status: 'disabled_after_failures', strikes: 3 });
    expect(await kinds(account, 'confirmation_needed')).toBe(1);
    const { intent, status } = await newestPayment(account, 'reload');
    expect(status).toBe('requires_action');
    await confirmByOwner(intent);
    await bringNews(intent);
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
    expect(await account.reloads()).toMatchObject([{ state: 'succeeded', status: 'succeeded' }]);
    expect(await account.autoReload()).toMatchObject({ status: 'disabled_after_failures', strikes: 0 });
  });

  test('A7 what waits for its owner is canceled before a first charge opens, and only then', async () => {
    const account = await world.account({ balance: '20.00', cards: [wantsConfirmation], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await account.disable();
    await account.settle();
    const { intent } = await newestPayment(account, 'reload');
    expect(await statusAtStripe(intent)).toBe('requires_payment_method');
    expect(await account.configure({ threshold: '5.00', amount: '5.00' })).toMatchObject({
      kind: 'declined',
      declineCode: 'authentication_required',
    });
    expect(await statusAtStripe(intent)).toBe('canceled');
    await account.addCard('pm_card_visa', 'primary');
    expect(await account.configure({ threshold: '5.00', amount: '5.00' })).toMatchObject({
      kind: 'charged',
      cents: 500,
    });
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 5.00']);
    expect(await account.paidCharges()).toBe(1);
  });

  test('A7 confirmed at the moment the next charge wants to open: it is found paid and credited, and nothing else is charged', async () => {
    const account = await world.account({ balance: '20.00', cards: [wantsConfirmation], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await account.disable();
    await account.settle();
    await confirmByOwner((await newestPayment(account, 'reload')).intent);
    expect(await account.configure(settings)).toEqual({ kind: 'saved' });
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
    expect(await account.paidCharges()).toBe(1);
  });
});

test('P2, P3 after a day: not confirmed it is canceled; confirmed it is credited once, whoever brought the news, if anybody', async () => {
  // A world of its own: the test server skips no more time once a child has outlived its parent and ended.
  const day = await World.start({ time: 'skipping' });
  try {
    const [nobody, told, untold] = await Promise.all([
      waitingPrepayment(day),
      waitingPrepayment(day),
      waitingPrepayment(day),
    ]);
    for (const { payment } of [told, untold]) await confirmByOwner(payment.intent, day);
    await Promise.all([bringNews(told.payment.intent, day), bringNews(told.payment.intent, day)]);
    await day.sleep(23 * HOUR);
    expect(await statusAtStripe(nobody.payment.intent, day)).toBe('requires_action');
    expect(await untold.account.credits()).toEqual([]);
    await day.sleep(HOUR + 1_000);
    await until(
      () => newestPayment(nobody.account, 'prepayment', day),
      ({ status }) => status === 'canceled',
    );
    expect(await statusAtStripe(nobody.payment.intent, day)).toBe('canceled');
    expect(await nobody.account.credits()).toEqual([]);
    await until(
      () => newestPayment(untold.account, 'prepayment', day),
      ({ status }) => status === 'succeeded',
    );
    for (const { account } of [told, untold]) expect(await account.credits()).toEqual(['prepayment 50.00']);
    expect(await nobody.account.notices()).toEqual(expect.arrayContaining(['confirmation_needed']));
  } finally {
    await day.close();
  }
});
