/** A7: Stripe does not let the payment of a closed reload be canceled: operators see it, are told, and have a way out. */
import pino from 'pino';
import { testProvider } from '../support/provider';
import { createClock } from '../../ledger/clock';
import { reconcilePayment } from '../../payments/reconcile';
import { listUnexplained } from '../../ledger/reconciliation/listUnexplained';
import { listAccountsToWake } from '../../ledger/decisions/listAccountsToWake';
import { startTestApi } from '../support/api';
import type { TestAccount } from '../support/account';
import { until } from '../support/notices';
import { testsWithSwitches } from '../support/testsWithSwitches';
import { World } from '../support/world';

const testWithSwitches = testsWithSwitches();

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'skipping' });
});
afterAll(() => world.close());
afterEach(() => world.clearFaults());

const MINUTE = 60_000;
const settings = { threshold: '10.00', amount: '25.00' };
const policy = { trigger: 'at_or_below' as const, retryDelaysMs: [MINUTE] };

/** Its reload waits after a strike, is closed by a pause, and can't be canceled; then auto-reload is on again with a good card. */
async function notCanceled(): Promise<{ account: TestAccount; intent: string }> {
  const account = await world.account({
    balance: '20.00',
    cards: ['pm_card_chargeCustomerFail'],
    autoReload: settings,
  });
  await account.use('15.00');
  await until(
    () => account.reloads(),
    (reloads) => reloads[0]?.state === 'waiting',
  );
  await world.simulate('POST', '/faults', { match: { method: 'POST', path: '/cancel$' }, effect: 'error_500' });
  await account.pause();
  await account.addCard('pm_card_visa', 'primary');
  await account.resume();
  for (let i = 0; i < 3; i++) await world.sleep(MINUTE);
  const { rows } = await world.database.pool.query<{ intent: string }>(
    `select payment_intent_id as intent from payments where account_id = $1 and purpose = 'reload'`,
    [account.id],
  );
  return { account, intent: rows[0]!.intent };
}

const reconcile = async (intent: string): Promise<string[]> => {
  const deps = {
    pool: world.database.pool,
    provider: testProvider(world.stripe),
    policy,
    log: pino({ level: 'silent' }),
    clock: createClock(),
  };
  await reconcilePayment(deps, intent, Date.now());
  const { newest } = await listUnexplained(world.database.pool, 100);
  return newest.filter(({ paymentIntentId }) => paymentIntentId === intent).map(({ kind }) => kind);
};

testWithSwitches(
  'A7 it is shown in the state, the record and the report; the relay lets it wait; canceled at last it is forgotten',
  async () => {
    const { account, intent } = await notCanceled();
    const { snapshot } = await account.state();
    expect(snapshot.uncanceled!.failing).toMatchObject({
      because: expect.stringMatching(/Stripe/),
      since: expect.any(String),
    });
    expect(snapshot.uncanceled!.failing!.tries).toBeGreaterThanOrEqual(5);
    expect((await account.decisions()).filter((decision) => decision === 'not_charged A7')).toHaveLength(1);
    expect(await reconcile(intent)).toEqual(['not_canceled']);
    await world.database.pool.query(`update reloads set closed_at = now() - interval '1 hour' where account_id = $1`, [
      account.id,
    ]);
    expect(await listAccountsToWake(world.database.pool, 100)).not.toContain(account.id);
    expect(await account.credits()).toEqual(['adjustment 20.00']);

    await world.clearFaults();
    for (let i = 0; i < 6; i++) await world.sleep(MINUTE);
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
    expect(await reconcile(intent)).toEqual([]);
    expect((await account.state()).snapshot.uncanceled).toBeNull();
  },
);

testWithSwitches(
  'A7 an admin gives it up, once, with a reason: the next reload opens; paid all the same it is credited',
  async () => {
    const { account, intent } = await notCanceled();
    const api = await startTestApi({ database: world.database, stripe: world.stripe });
    const abandon = (number: number) =>
      api.ask('POST', `/v1/accounts/${account.id}/reloads/${number}/abandon`, {
        key: api.admin,
        body: { reason: 'canceled with Stripe by telephone' },
      });
    expect(await abandon(7)).toMatchObject({ status: 404 });
    expect(await abandon(1)).toMatchObject({ status: 200, body: { number: 1, amount: '25.00', status: 'canceled' } });
    expect(await abandon(1)).toMatchObject({ status: 409, body: { code: 'reload_not_abandonable' } });
    const { body: audit } = await api.ask('GET', `/v1/accounts/${account.id}/audit`, { key: api.admin });
    expect(audit.data[0]).toMatchObject({
      action: 'reload.abandon',
      details: { number: 1, reason: expect.any(String), paymentIntentId: intent },
    });
    await api.close();
    await account.settle();
    for (let i = 0; i < 6; i++) await world.sleep(MINUTE);
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);

    const { customer } = await world.stripe.paymentIntents.retrieve(intent);
    const { id: method } = await world.stripe.paymentMethods.attach('pm_card_visa', { customer: customer as string });
    await world.stripe.paymentIntents.confirm(intent, {
      payment_method: method,
      off_session: true,
      return_url: 'https://ballast.example/',
    });
    expect(await reconcile(intent)).toEqual([]);
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00', 'reload 25.00']);
  },
);
