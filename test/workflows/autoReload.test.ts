/** Auto-reload, rule by rule, in Temporal's time-skipping server: the minutes between attempts are really waited for. */
import { World } from '../support/world';

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'skipping' });
});
afterAll(() => world.close());

const settings = { threshold: '10.00', amount: '25.00' };

test('A3 a reload starts when available reaches the threshold', async () => {
  const account = await world.account({ balance: '20.00', autoReload: settings });
  await account.use('9.999999999');
  await account.settle();
  expect(await account.reloads()).toEqual([]);
  await account.use('0.000000001');
  await account.settle();
  expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
  expect(await account.available()).toBe('35.00');
});
