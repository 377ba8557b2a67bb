/** Holds and the workflow: what is held counts as spent for auto-reload and the flag, until the hold ends (B5, A3, S2). */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { parseMoney } from '../../domain/money';
import { lockBalance } from '../../ledger/accounts/lockBalance';
import { transaction } from '../../ledger/db';
import { placeHold } from '../../ledger/holds/placeHold';
import { startHoldSweep } from '../../workers/holdSweep';
import type { TestAccount } from '../support/account';
import { until } from '../support/notices';
import { World } from '../support/world';

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'real' });
});
afterAll(() => world.close());

/** As the API does: holds, then signals the crossing. */
async function hold(account: TestAccount, dollars: string): Promise<string> {
  const placed = await placeHold(world.database.pool, {
    accountId: account.id,
    amount: parseMoney(dollars),
    expiresInSeconds: 600,
    idempotencyKey: randomUUID(),
    requestHash: dollars,
    openMax: 100,
  });
  if (placed.kind !== 'placed') throw new Error(`no hold: ${placed.kind}`);
  await account.signalUsage(placed.position);
  return placed.hold.id;
}
const overdue = (holdId: string) =>
  world.database.pool.query(`update holds set expires_at = now() - interval '1 second' where id = $1`, [holdId]);
const sweeping = () =>
  startHoldSweep({ pool: world.database.pool, client: world.client, log: pino({ level: 'silent' }), tickMs: 50 });

test('A3 a hold that takes available to the threshold starts a reload', async () => {
  const account = await world.account({ balance: '20.00', autoReload: { threshold: '10.00', amount: '25.00' } });
  await hold(account, '9.999999999');
  await account.settle();
  expect(await account.reloads()).toEqual([]);
  await hold(account, '0.000000001');
  await account.settle();
  expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
  expect(await account.available()).toBe('35.00');
});

test('S2 a hold of all that is available sets the flag; its expiry lifts it, told by the sweep alone', async () => {
  const account = await world.account({ balance: '20.00' });
  const id = await hold(account, '20.00');
  await until(
    async () => (await account.autoReload()).flag,
    (flag) => flag.includes('balance_exhausted'),
  );
  await overdue(id);
  const sweep = sweeping();
  await until(
    async () => (await account.autoReload()).flag,
    (flag) => flag.length === 0,
  );
  await sweep.stop();
  expect(await account.available()).toBe('20.00');
  await account.settle();
});

test('B5 the sweep gives back what is due while another account stays locked, and that one its own when it is free', async () => {
  const [locked, free] = [await world.account({ balance: '20.00' }), await world.account({ balance: '20.00' })];
  for (const account of [locked, free]) await overdue(await hold(account, '5.00'));
  const sweep = sweeping();
  const givenBack = (account: TestAccount) =>
    until(
      () => account.available(),
      (available) => available === '20.00',
    );
  await transaction(world.database.pool, async (tx) => {
    await lockBalance(tx, locked.id);
    await overdue(await hold(free, '5.00'));
    await givenBack(free);
  });
  await givenBack(locked);
  await sweep.stop();
  for (const account of [locked, free]) await account.settle();
});
