/** What is no strike (A9): outages at Stripe and answers that never come, in skipped time. */
import { transaction } from '../../ledger/db';
import { removePaymentMethod } from '../../ledger/methods/removePaymentMethod';
import * as messages from '../../workflows/messages';
import { until } from '../support/notices';
import { testsWithSwitches } from '../support/testsWithSwitches';
import { World } from '../support/world';

const testWithSwitches = testsWithSwitches();

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'skipping', workersStripeTimeoutMs: 1_000 });
});
afterAll(() => world.close());
afterEach(() => world.clearFaults());

const MINUTE = 60_000;
const settings = { threshold: '10.00', amount: '25.00' };

describe('A9 what is no strike', () => {
  testWithSwitches('A9 a charge that timed out but went through is one charge, one credit, no strike', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await world.simulate('POST', '/faults', {
      match: { method: 'POST', path: '/confirm$' },
      times: 1,
      effect: 'timeout_after',
    });
    await account.use('15.00');
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
    expect(await account.paidCharges()).toBe(1);
    expect(await account.autoReload()).toMatchObject({ strikes: 0 });
  });

  testWithSwitches.each([
    'error_500',
    'error_500_after',
    'error_409',
    'error_429',
    'error_503',
    'reset_before',
    'reset_after',
    'timeout_before',
    'garbage',
  ] as const)('A9 an outage at Stripe (%s) is no strike, and ends in one charge and one credit', async (effect) => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await world.simulate('POST', '/faults', { match: { path: '^/v1/payment_intents' }, times: 3, effect });
    await account.use('15.00');
    for (let minute = 0; minute < 6; minute++) {
      // Minutes that are skipped while a call waits for Stripe would be those of a worker that has died.
      await until(
        async () => ({ begun: (await account.reloads()).length > 0, ...(await account.state()) }),
        ({ begun, charging }) => begun && !charging,
      );
      await world.sleep(MINUTE);
    }
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
    expect(await account.paidCharges()).toBe(1);
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 0 });
  });
});

testWithSwitches(
  'A5 a first charge that is not needed any more when its attempt begins saves the settings without charging',
  async () => {
    const account = await world.account({ balance: '6.00', autoReload: { threshold: '5.00', amount: '5.00' } });
    await world.simulate('POST', '/faults', {
      match: { method: 'POST', path: '^/v1/payment_intents$' },
      times: 2,
      effect: 'error_503',
    });
    const answer = account.configure({ threshold: '10.00', amount: '20.00' });
    await until(
      () => account.reloads(),
      (reloads) => reloads[0]?.state === 'unknown',
    );
    await account.credit('50.00');
    await world.sleep(15_000);
    expect(await answer).toEqual({ kind: 'saved' });
    await account.settle();
    expect(await account.autoReload()).toMatchObject({ status: 'on', thresholdCents: 1_000, amountCents: 2_000 });
    expect(await account.reloads()).toMatchObject([{ state: 'canceled', status: 'canceled' }]);
    expect(await account.paidCharges()).toBe(0);
  },
);

testWithSwitches('A9 a card that is removed while its charge is unknown does not hold up the backup', async () => {
  const account = await world.account({
    balance: '20.00',
    cards: ['pm_card_visa', 'pm_card_mastercard'],
    autoReload: settings,
  });
  await world.simulate('POST', '/faults', {
    match: { method: 'POST', path: '/confirm$' },
    times: 2,
    effect: 'error_503',
  });
  await account.use('15.00');
  await until(
    () => account.reloads(),
    (reloads) => reloads[0]?.state === 'unknown',
  );
  await world.stripe.paymentMethods.detach(account.methods[0]!);
  await transaction(world.database.pool, (tx) => removePaymentMethod(tx, account.id, account.methods[0]!));
  await account.wake(messages.paymentMethodsChangedSignal);
  await world.sleep(MINUTE);
  await account.settle();
  expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
  expect(await account.reloads()).toMatchObject([{ attempts: ['1 primary declined', '1 backup succeeded'] }]);
  expect(await account.paidCharges()).toBe(1);
});
