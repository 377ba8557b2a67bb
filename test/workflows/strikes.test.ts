/** Strikes and the waits after them (A8, A10), in skipped time: the minutes are really waited for. */
import * as messages from '../../workflows/messages';
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
const declining = 'pm_card_chargeCustomerFail';

describe('A8, A10 strikes and waits', () => {
  test('A8 three strikes in a row disable auto-reload and tell every owner once; the waits are 1 and 5 minutes', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining, declining], autoReload: settings });
    await account.addOwners('omar@example.com', 'oya@example.com');
    await account.use('15.00');
    await account.settle();
    const began = Date.now();
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 1 });
    await world.sleep(MINUTE - 5_000);
    expect(await account.autoReload()).toMatchObject({ strikes: 1 });
    await world.sleep(10_000);
    await account.settle();
    expect(await account.autoReload()).toMatchObject({ strikes: 2 });
    await world.sleep(5 * MINUTE - 15_000);
    expect(await account.autoReload()).toMatchObject({ strikes: 2 });
    await world.sleep(20_000);
    await account.settle();
    expect(await account.autoReload()).toMatchObject({ status: 'disabled_after_failures', strikes: 3 });
    expect(await account.reloads()).toMatchObject([
      {
        state: 'failed',
        status: 'canceled',
        attempts: [
          '1 primary declined',
          '1 backup declined',
          '2 primary declined',
          '2 backup declined',
          '3 primary declined',
          '3 backup declined',
        ],
      },
    ]);
    expect((await account.notices()).filter((kind) => kind !== 'low_balance')).toEqual([
      'first_failed_attempt',
      'disabled_after_failures',
    ]);
    expect(await account.mails()).toEqual({ disabled_after_failures: 3, first_failed_attempt: 3, low_balance: 3 });
    expect(await account.paidCharges()).toBe(0);
    expect(Date.now() - began).toBeLessThan(60_000);

    await world.sleep(60 * MINUTE);
    await account.use('1.00');
    await account.settle();
    expect(await account.reloads()).toHaveLength(1);
  });

  test('A10 new usage does not hasten the next attempt; a new payment method does, at once', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await account.use('0.50');
    await account.settle();
    expect(await account.autoReload()).toMatchObject({ strikes: 1 });
    await account.addCard('pm_card_visa', 'primary');
    await account.wake(messages.paymentMethodsChangedSignal);
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 0 });
  });

  test('A10 a balance that has risen above the threshold cancels the waiting reload', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await account.credit('50.00');
    await account.settle();
    expect(await account.reloads()).toMatchObject([{ state: 'canceled', status: 'canceled' }]);
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 1 });
  });

  test('A10 delays follow the strikes across reloads', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await account.credit('50.00');
    await account.settle();
    await account.use('50.00');
    await account.settle();
    expect(await account.reloads()).toHaveLength(1);
    await world.sleep(MINUTE + 5_000);
    await account.settle();
    expect(await account.reloads()).toHaveLength(2);
    expect(await account.autoReload()).toMatchObject({ strikes: 2 });
  });

  testWithSwitches('A8 a reload that succeeds sets the strikes to 0', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await world.simulate('POST', `/payment-methods/${account.methods[0]}/behavior`, { chargeDecline: null });
    await world.sleep(MINUTE + 5_000);
    await account.settle();
    expect(await account.reloads()).toMatchObject([
      { state: 'succeeded', attempts: ['1 primary declined', '2 primary succeeded'] },
    ]);
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 0 });
  });
});
