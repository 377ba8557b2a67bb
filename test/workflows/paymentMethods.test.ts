/** Cards that were declined for good, in skipped time: known by their fingerprint, skipped until another card replaces them. */
import { transaction } from '../../ledger/db';
import { listPaymentMethods } from '../../ledger/methods/listPaymentMethods';
import { removePaymentMethod } from '../../ledger/methods/removePaymentMethod';
import * as messages from '../../workflows/messages';
import type { TestAccount } from '../support/account';
import { World } from '../support/world';

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'skipping' });
});
afterAll(() => world.close());

const MINUTE = 60_000;
const settings = { threshold: '10.00', amount: '25.00' };
const FOR_GOOD = ['expired_card', 'lost_card', 'stolen_card', 'pickup_card', 'invalid_account'];
const lowOn = async (...cards: string[]): Promise<TestAccount> => {
  const account = await world.account({ balance: '20.00', cards, autoReload: settings });
  await account.use('15.00');
  await account.settle();
  return account;
};
const add = async (account: TestAccount, card: string, role: 'primary' | 'backup') => {
  await account.addCard(card, role);
  await account.wake(messages.paymentMethodsChangedSignal);
  await account.settle();
};
const methods = (account: TestAccount) => listPaymentMethods(world.database.pool, account.id);

test.each(FOR_GOOD)(
  'A11 a card declined for good (%s) is not tried again, not even by the next reload',
  async (code) => {
    const account = await lowOn(`pm_sim_charge_${code}`, 'pm_card_mastercard');
    await account.use('25.00');
    await account.settle();
    expect(await account.reloads()).toMatchObject([
      { attempts: ['1 primary declined', '1 backup succeeded'] },
      { attempts: ['1 backup succeeded'] },
    ]);
    expect(await methods(account)).toMatchObject([
      { role: 'primary', usable: false },
      { role: 'backup', usable: true },
    ]);
  },
);

test.each(['insufficient_funds', 'do_not_honor', 'generic_decline'])(
  'A11 a card declined for now (%s) is tried again',
  async (code) => {
    const account = await lowOn(`pm_sim_charge_${code}`);
    await world.sleep(MINUTE + 5_000);
    await account.settle();
    expect((await account.reloads())[0]!.attempts).toEqual(['1 primary declined', '2 primary declined']);
    expect(await methods(account)).toMatchObject([{ usable: true }]);
  },
);

test('A11 an attempt without a usable method is a strike all the same', async () => {
  const account = await lowOn('pm_sim_charge_stolen_card');
  expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 1 });
  await world.sleep(10 * MINUTE);
  await account.settle();
  expect(await account.autoReload()).toMatchObject({ status: 'disabled_after_failures', strikes: 3 });
  expect(await account.reloads()).toMatchObject([{ state: 'failed', attempts: ['1 primary declined'] }]);
});

test('A11 the same card under a new id stays unusable and hastens nothing; another card works at once', async () => {
  const account = await lowOn('pm_sim_charge_expired_card');
  await add(account, 'pm_sim_charge_expired_card', 'primary');
  expect(await methods(account)).toMatchObject([
    { role: 'primary', usable: false },
    { role: null, usable: false },
  ]);
  expect(await account.autoReload()).toMatchObject({ strikes: 1 });
  await add(account, 'pm_sim_visa_1', 'primary');
  expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
  expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 0 });
});

test('A11 removed and added again, the same card is still declined for good', async () => {
  const account = await lowOn('pm_sim_charge_lost_card', 'pm_card_visa');
  await transaction(world.database.pool, (tx) => removePaymentMethod(tx, account.id, account.methods[0]!));
  await add(account, 'pm_sim_charge_lost_card', 'primary');
  expect(await methods(account)).toMatchObject([
    { role: 'primary', usable: false },
    { role: 'backup', usable: true },
  ]);
});

test('A10 removing a method, or adding one that may not be charged, hastens no attempt', async () => {
  const account = await lowOn('pm_card_chargeCustomerFail', 'pm_sim_charge_do_not_honor');
  await transaction(world.database.pool, (tx) => removePaymentMethod(tx, account.id, account.methods[1]!));
  await account.wake(messages.paymentMethodsChangedSignal);
  await account.settle();
  expect((await account.reloads())[0]!.attempts).toHaveLength(2);
  expect(await account.autoReload()).toMatchObject({ strikes: 1 });
});
