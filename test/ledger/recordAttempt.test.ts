import { randomUUID } from 'node:crypto';
import { beginAttempt } from '../../ledger/reloads/beginAttempt';
import { transaction } from '../../ledger/db';
import { insertReload } from '../../ledger/reloads/insertReload';
import { recordDecline } from '../../ledger/reloads/recordDecline';
import { recordUnknown } from '../../ledger/reloads/recordUnknown';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount } from '../support/ledgerAccount';

const policy = { trigger: 'at_or_below' as const, retryDelaysMs: [60_000] };
let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

test('A9 what comes late of a method that has answered since delays nothing', async () => {
  const accountId = await openAccount(database.pool);
  await credit(database.pool, accountId, '5.00');
  await database.pool.query(
    `update account_states set status = 'on', threshold_cents = 1000, amount_cents = 2500 where account_id = $1`,
    [accountId],
  );
  const [reloadId, nowMs] = [randomUUID(), Date.now()];
  await transaction(database.pool, (tx) =>
    insertReload(tx, { reloadId, accountId, nowMs, actor: 'workflow' }, 2_500, null),
  );
  const primary = { accountId, paymentId: reloadId, attempt: 1, methodId: 'pm_1', role: 'primary', nowMs };
  const backup = { ...primary, methodId: 'pm_2', role: 'backup' };
  const decline = { code: 'generic_decline', message: 'No.', chargeId: 'ch_1', forGood: false, confirmationUrl: null };
  const read = async () =>
    (await database.pool.query('select state, due_at from reloads where id = $1', [reloadId])).rows[0] as object;

  await transaction(database.pool, (tx) => beginAttempt(tx, primary, policy));
  await transaction(database.pool, (tx) => recordDecline(tx, primary, decline));
  await transaction(database.pool, (tx) => beginAttempt(tx, backup, policy));
  const before = await read();
  await transaction(database.pool, (tx) => recordUnknown(tx, primary));
  expect(await read()).toEqual(before);
  await transaction(database.pool, (tx) => recordUnknown(tx, backup));
  expect(await read()).toMatchObject({ state: 'unknown' });
});
