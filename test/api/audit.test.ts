/** O5: what a person changes is written down in the transaction that changes it. */
import { randomUUID } from 'node:crypto';
import { transaction } from '../../ledger/db';
import { forgetPaymentMethod } from '../../ledger/methods/forgetPaymentMethod';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { withoutAudit } from '../support/withoutAudit';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

async function addMethod({ id }: TestAccount): Promise<string> {
  const method = `pm_${randomUUID().slice(0, 8)}`;
  await api.database.pool.query(
    `insert into payment_methods (id, account_id, role, brand, last4) values ($1, $2, 'primary', 'visa', '4242')`,
    [method, id],
  );
  return method;
}

test('O5, P2 no prepayment begins without its audit entry', async () => {
  const account = await openAccount(api);
  await addMethod(account);
  await withoutAudit(api.database.owner, async () => {
    const { status } = await api.ask('POST', `/v1/accounts/${account.id}/prepayments`, {
      key: account.owner,
      body: { amount: '25.00' },
      headers: { 'Idempotency-Key': 'one' },
    });
    expect(status).toBe(500);
  });
  expect((await api.database.pool.query('select 1 from payments where account_id = $1', [account.id])).rowCount).toBe(
    0,
  );
});

test('O5 a method that is removed at the provider is in the audit log', async () => {
  const account = await openAccount(api);
  const method = await addMethod(account);
  await transaction(api.database.pool, (tx) => forgetPaymentMethod(tx, method));
  const { body } = await api.ask('GET', `/v1/accounts/${account.id}/audit`, { key: account.owner });
  expect(body.data[0]).toMatchObject({ actor: 'stripe', action: 'payment_method.remove', details: { method } });
});
