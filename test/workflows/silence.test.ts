/** A17, N1: whatever the workflow has missed between two looks, owners are told, and nothing stands still in silence. */
import { testProvider } from '../support/provider';
import pino from 'pino';
import { createClock } from '../../ledger/clock';
import { applyEvent } from '../../payments/applyEvent';
import * as messages from '../../workflows/messages';
import { until } from '../support/notices';
import { times } from '../support/times';
import { testsWithSwitches } from '../support/testsWithSwitches';
import { World } from '../support/world';

const testWithSwitches = testsWithSwitches();

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'skipping' });
});
afterAll(() => world.close());

const MINUTE = 60_000;
const settings = { threshold: '10.00', amount: '25.00' };
const policy = { trigger: 'at_or_below' as const, retryDelaysMs: [MINUTE] };

test('N1 a first credit that is used up before the workflow looks: all of twelve accounts hear of it, once', async () => {
  const accounts = await Promise.all(times(12, () => world.account({ cards: [] })));
  await Promise.all(
    accounts.map(async (account) => {
      await account.credit('6.00');
      await account.use('7.00', { signal: false });
      await account.wake(messages.refreshSignal);
      await account.settle();
      await account.wake(messages.refreshSignal);
      await account.settle();
    }),
  );
  for (const account of accounts) expect(await account.notices()).toEqual(['suspended']);
});

test('N1 who was told, pays, and uses it up again before the workflow looks, is told again; then access comes back', async () => {
  const account = await world.account({ balance: '2.00' });
  await account.use('3.00');
  await account.settle();
  await account.credit('6.00');
  await account.use('6.00', { signal: false });
  await account.wake(messages.refreshSignal);
  await account.settle();
  const told = async () => (await account.notices()).filter((kind) => kind !== 'low_balance');
  expect(await told()).toEqual(['suspended', 'suspended']);
  await account.credit('50.00');
  await account.settle();
  expect(await told()).toEqual(['suspended', 'suspended', 'resumed']);
});

test('N1 a balance that was low, rose and fell again between two looks is told again', async () => {
  const account = await world.account({ balance: '20.00' });
  await account.use('16.00');
  await account.settle();
  await account.credit('10.00');
  await account.use('10.00', { signal: false });
  await account.wake(messages.refreshSignal);
  await account.settle();
  expect(await account.notices()).toEqual(['low_balance', 'low_balance']);
});

test('S5 the relay finds an account that fell twice between two looks, though the balance is where it was', async () => {
  const account = await world.account({ balance: '2.00' });
  await account.use('3.00');
  await account.settle();
  await account.credit('6.00');
  await account.use('6.00', { signal: false });
  const { rows } = await world.database.pool.query('select wake from balances where account_id = $1', [account.id]);
  expect(rows).toEqual([{ wake: true }]);
});

/** A reload whose bank debit hangs was closed by a prepayment; the money of that is used up. */
async function hangingDebit() {
  const account = await world.account({
    balance: '20.00',
    cards: ['pm_sim_charge_processing'],
    autoReload: settings,
  });
  await account.use('15.00');
  await until(
    () => account.reloads(),
    (reloads) => reloads[0]?.state === 'unknown',
  );
  const card = await account.addCard('pm_card_visa', 'primary');
  await account.wake(messages.paymentMethodsChangedSignal);
  await account.prepay('50.00', card);
  await until(
    () => account.reloads(),
    (reloads) => reloads[0]?.state === 'canceled',
  );
  await account.use('50.00');
  for (let i = 0; i < 3; i++) await world.sleep(10_000);
  const { rows } = await world.database.pool.query<{ intent: string }>(
    `select payment_intent_id as intent from payments where account_id = $1 and purpose = 'reload'`,
    [account.id],
  );
  return { account, intent: rows[0]!.intent };
}
const blockedBy = async (account: { autoReload(): Promise<{ blockedBy: string | null }> }) =>
  (await account.autoReload()).blockedBy;

testWithSwitches.each([
  ['is paid after all', {}, ['reload 25.00']],
  ['is declined after all', { declineCode: 'insufficient_funds' }, ['reload 25.00']],
])(
  'A17 a hanging debit: the state says what is waited for, owners hear of it once, and news that it %s goes on at once',
  async (_name, decision, credits) => {
    const { account, intent } = await hangingDebit();
    expect(await blockedBy(account)).toBe('pending_payment');
    await world.sleep(10 * MINUTE);
    expect((await account.notices()).filter((kind) => kind === 'guard_reached')).toHaveLength(1);
    expect((await account.credits()).slice(2)).toEqual([]);

    const before = await world.now();
    await world.simulate('POST', `/payment-intents/${intent}/settle`, decision);
    const log = pino({ level: 'silent' });
    const deps = { pool: world.database.pool, provider: testProvider(world.stripe), policy, log, clock: createClock() };
    const news = { eventId: 'evt_1', type: 'payment_intent.news', about: 'intent' as const, paymentIntentId: intent };
    await applyEvent(deps, news, Date.now());
    await account.wake(messages.paymentSettledSignal);
    await until(
      () => account.credits(),
      (lines) => lines.length > 2,
    );
    expect((await account.credits()).slice(2)).toEqual(credits);
    expect((await world.now()) - before).toBeLessThan(MINUTE);
    await until(
      () => blockedBy(account),
      (by) => by === null,
    );
    expect((await account.notices()).filter((kind) => kind === 'guard_reached')).toHaveLength(1);
  },
);
