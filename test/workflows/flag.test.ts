/** The flag and its mails (S2, N1), and what a suspension does to reloads (P5), in skipped time. */
import { transaction } from '../../ledger/db';
import { liftSuspension } from '../../ledger/accounts/liftSuspension';
import { setSuspension } from '../../ledger/accounts/setSuspension';
import * as messages from '../../workflows/messages';
import { World } from '../support/world';

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'skipping' });
});
afterAll(() => world.close());

const MINUTE = 60_000;
const settings = { threshold: '10.00', amount: '25.00' };

describe('S2, N1 the flag and its mails', () => {
  test('S2 the workflow flips the flag at zero, and back when money arrives; owners hear of both', async () => {
    const account = await world.account({ balance: '2.00' });
    expect((await account.autoReload()).flag).toEqual([]);
    await account.use('2.00');
    await account.settle();
    expect((await account.autoReload()).flag).toEqual(['balance_exhausted']);
    expect(await account.notices()).toContain('suspended');
    await account.credit('50.00');
    await account.settle();
    expect((await account.autoReload()).flag).toEqual([]);
    expect(await account.notices()).toEqual(expect.arrayContaining(['suspended', 'resumed']));
    expect(await account.decisions()).toEqual(expect.arrayContaining(['suspend S2', 'resume S2']));
  });

  test('N1 "suspended" waits for a reload in flight: one that lifts it within a minute is not told', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await account.use('20.00');
    await account.settle();
    await world.sleep(2 * MINUTE);
    expect(await account.notices()).toEqual(['reload_succeeded']);
    expect(await account.available()).toBe('25.00');
  });

  test('N1 low balance is told once while auto-reload is off', async () => {
    const account = await world.account({ balance: '20.00' });
    await account.use('15.50');
    await account.settle();
    await account.use('1.00');
    await account.settle();
    expect(await account.notices()).toEqual(['low_balance']);
  });
});

test('P5 no reload opens while the account is suspended by an admin; it opens when that is lifted', async () => {
  const account = await world.account({ balance: '20.00', autoReload: settings });
  await transaction(world.database.pool, (tx) => setSuspension(tx, account.id, 'admin_suspended', 'looked odd', 'ada'));
  await account.wake(messages.reasonsChangedSignal);
  await account.use('15.00');
  await account.settle();
  expect(await account.reloads()).toEqual([]);
  expect(await account.autoReload()).toMatchObject({ blockedBy: 'suspended', flag: ['admin_suspended'] });
  await transaction(world.database.pool, (tx) => liftSuspension(tx, account.id, 'admin_suspended'));
  await account.wake(messages.reasonsChangedSignal);
  await account.settle();
  expect(await account.reloads()).toMatchObject([{ state: 'succeeded' }]);
  expect(await account.autoReload()).toMatchObject({ blockedBy: null, flag: [] });
});
