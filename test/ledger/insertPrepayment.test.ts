/** P2: of simultaneous calls under one key all find one prepayment, however close together they come. */
import { transaction } from '../../ledger/db';
import { insertPrepayment } from '../../ledger/payments/insertPrepayment';
import { stableId } from '../../payments/stableId';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount } from '../support/ledgerAccount';
import { times } from '../support/times';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('P2 eight calls under one key at the same moment, four hundred times: one is new, and none fails', async () => {
  const { pool } = database;
  const accountId = await openAccount(pool);
  for (const round of times(400, (n) => n)) {
    const idempotencyKey = `key-${round}`;
    const request = {
      id: stableId('prepayment', accountId, idempotencyKey),
      accountId,
      cents: 500,
      paymentMethodId: null,
      idempotencyKey,
      requestHash: 'hash',
      actor: 'owner',
    };
    const begun = await Promise.all(times(8, () => transaction(pool, (tx) => insertPrepayment(tx, request))));
    expect(begun.filter(({ kind }) => kind === 'new')).toHaveLength(1);
    expect(begun.filter(({ kind }) => kind === 'existing')).toHaveLength(7);
  }
});
