import { transaction } from '../../ledger/db';
import { postNotice } from '../../ledger/notices/postNotice';
import { listDeliveriesToStart } from '../../ledger/webhooks/listDeliveriesToStart';
import { markDeliveriesStarted } from '../../ledger/webhooks/markDeliveriesStarted';
import { spreadDeliveries } from '../../ledger/webhooks/spreadDeliveries';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount } from '../support/ledgerAccount';
import { times } from '../support/times';
import { registerEndpoint } from '../support/webhooks';

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

const due = () => listDeliveriesToStart(database.pool, 1_000);
async function countPutLater(): Promise<number> {
  const { rowCount } = await database.pool.query('select 1 from webhook_deliveries where start_at > created_at');
  return rowCount!;
}

test('N2 workers that spread and mark deliveries at once wait for none that another holds, so that they end in no deadlock', async () => {
  const account = await openAccount(database.pool);
  await registerEndpoint(database.pool, account, 'http://127.0.0.1:9/0');
  for (const n of times(4, Number))
    await postNotice(database.pool, account, `${account}/${n}`, { kind: 'resumed', available: '1.00' });
  const ids = await due();
  const held = ids.at(-1)!;

  await transaction(database.pool, async (other) => {
    await other.query('select 1 from webhook_deliveries where id = $1 for no key update', [held]);
    await transaction(database.pool, async (tx) => {
      await tx.query(`set local lock_timeout = '1s'`);
      await spreadDeliveries(tx, 1);
    });
    expect(await countPutLater()).toBe(2);
    await transaction(database.pool, async (tx) => {
      await tx.query(`set local lock_timeout = '1s'`);
      await markDeliveriesStarted(tx, ids, 900);
    });
  });
  expect(await due()).toEqual([held]);
});
