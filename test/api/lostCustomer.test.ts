/** P1: a customer or a method that was deleted at Stripe while we hold its id: noticed, replaced, told, and nothing hangs. */
import { randomUUID } from 'node:crypto';
import {
  openAccount,
  putModel,
  report,
  startTestApi,
  TEST_WEBHOOK_SECRETS,
  type Answer,
  type TestAccount,
  type TestApi,
} from '../support/api';
import { until } from '../support/notices';
import { World } from '../support/world';

let world: World;
let api: TestApi;
beforeAll(async () => {
  world = await World.start({ stripeTimeoutMs: 5_000, time: 'real', relay: true });
  api = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe });
  await putModel(api);
});
afterEach(() => deliver(null));
afterAll(async () => {
  await api.close();
  await world.close();
});

const deliver = (target: 'api' | null) =>
  world.simulate(
    'POST',
    '/webhooks/url',
    target ? { url: `${api.url}/v1/webhooks/stripe`, secret: TEST_WEBHOOK_SECRETS[0] } : { url: null },
  );
const ask = (account: TestAccount, method: string, path: string, body?: object): Promise<Answer> =>
  api.ask(method, `/v1/accounts/${account.id}${path}`, {
    key: account.owner,
    ...(body && { body }),
    headers: { 'Idempotency-Key': randomUUID() },
  });
const add = (account: TestAccount, paymentMethod = 'pm_card_visa') =>
  ask(account, 'POST', '/payment-methods', { paymentMethod });
const prepay = (account: TestAccount, amount = '25.00') => ask(account, 'POST', '/prepayments', { amount });
const read = async (account: TestAccount, path: string): Promise<any> => (await ask(account, 'GET', path)).body;
const customerOf = async (account: TestAccount): Promise<string | null> =>
  (
    await world.database.pool.query<{ c: string | null }>(
      'select stripe_customer_id as c from accounts where id = $1',
      [account.id],
    )
  ).rows[0]!.c;
const lost = async (account: TestAccount): Promise<number> =>
  (await read(account, '/notices')).data.filter(({ kind }: { kind: string }) => kind === 'payment_methods_lost').length;
/** An account with a saved card whose customer was deleted at Stripe. */
const withDeletedCustomer = async (): Promise<{ account: TestAccount; customer: string }> => {
  const account = await openAccount(api);
  expect((await add(account)).status).toBe(201);
  expect((await prepay(account)).status).toBe(201);
  const customer = (await customerOf(account))!;
  await world.stripe.customers.del(customer);
  return { account, customer };
};

test('P1 a card can be added after the customer was deleted: a new customer, the old methods gone, owners told once', async () => {
  const { account, customer } = await withDeletedCustomer();
  const added = await add(account);
  expect(added).toMatchObject({ status: 201, body: { role: 'primary', usable: true } });
  expect(await customerOf(account)).not.toBe(customer);
  expect((await read(account, '/payment-methods')).data).toMatchObject([{ id: added.body.id }]);
  expect((await prepay(account)).status).toBe(201);
  expect(await lost(account)).toBe(1);
});

test('P1 the setup page and Checkout are made for a new customer, however often it was deleted', async () => {
  const { account } = await withDeletedCustomer();
  expect(await ask(account, 'POST', '/payment-methods/setup', { returnUrl: 'https://c.example/' })).toMatchObject({
    status: 201,
  });
  await world.stripe.customers.del((await customerOf(account))!);
  const page = { amount: '40.00', successUrl: 'https://c.example/ok', cancelUrl: 'https://c.example/no' };
  const opened = await ask(account, 'POST', '/prepayments/checkout', page);
  expect(opened).toMatchObject({ status: 201, body: { url: expect.stringContaining('/checkout/') } });
  expect(await lost(account)).toBe(1);
});

test('P2 a prepayment with a method whose customer was deleted is declined, not unknown; the same card, saved again, pays', async () => {
  const { account } = await withDeletedCustomer();
  expect(await prepay(account)).toMatchObject({
    status: 402,
    body: { code: 'card_declined', declineCode: 'payment_method_not_available' },
  });
  expect((await read(account, '/payment-methods')).data).toEqual([]);
  expect(await lost(account)).toBe(1);
  expect((await add(account)).body).toMatchObject({ role: 'primary', usable: true });
  expect((await prepay(account)).status).toBe(201);
});

test('A6 a reload that finds its customer deleted fails; the card that is saved then is charged at once', async () => {
  const { account } = await withDeletedCustomer();
  const settings = { threshold: '5.00', amount: '25.00', acceptTerms: true };
  expect((await ask(account, 'PUT', '/auto-reload', settings)).status).toBe(200);
  await report(api, [{ id: randomUUID(), accountId: account.id, model: 'model', inputTokens: 22_000_000 }]);
  const [failed] = await until(
    async () => (await read(account, '/reloads')).data.slice(-1),
    ([reload]) => reload?.status === 'failed',
  );
  expect(failed.attempts).toMatchObject([{ outcome: 'declined', declineCode: 'payment_method_not_available' }]);
  expect(await lost(account)).toBe(1);
  expect((await add(account)).status).toBe(201);
  await until(
    async () => (await read(account, '/reloads')).data.map(({ status }: { status: string }) => status),
    (all: string[]) => all.includes('succeeded'),
  );
  expect(await read(account, '/auto-reload')).toMatchObject({ status: 'on', strikes: 0 });
});

test('P4 the event of a deleted customer says the same, once, however often it comes', async () => {
  const account = await openAccount(api);
  await add(account);
  await world.simulate('POST', '/webhooks', { copies: 5 });
  await deliver('api');
  await world.stripe.customers.del((await customerOf(account))!);
  await until(
    () => customerOf(account),
    (customer) => customer === null,
  );
  await until(
    () => world.simulate('GET', '/webhooks'),
    (state) => (state as { owed: number }).owed === 0,
  );
  await world.simulate('POST', '/webhooks', { copies: 1 });
  expect((await read(account, '/payment-methods')).data).toEqual([]);
  expect(await lost(account)).toBe(1);
});

test('A9 a customer that Stripe never knew is a wrong key: nothing is lost, and nothing is declined', async () => {
  const account = await openAccount(api);
  await add(account);
  await world.database.pool.query(`update accounts set stripe_customer_id = 'cus_elsewhere' where id = $1`, [
    account.id,
  ]);
  const begun = await ask(account, 'PUT', '/auto-reload', { threshold: '5.00', amount: '25.00', acceptTerms: true });
  expect(begun.status).toBe(409);
  expect((await add(account)).status).toBe(503);
  expect((await read(account, '/payment-methods')).data).toHaveLength(1);
  expect(await lost(account)).toBe(0);
});

test('A11 a method that was detached at Stripe is declined and removed; the same card, saved again, is usable', async () => {
  const account = await openAccount(api);
  const { body } = await add(account);
  await world.stripe.paymentMethods.detach(body.id);
  expect(await prepay(account)).toMatchObject({ status: 402, body: { declineCode: 'payment_method_not_available' } });
  expect((await read(account, '/payment-methods')).data).toEqual([]);
  expect((await add(account)).body).toMatchObject({ usable: true });
  expect((await prepay(account)).status).toBe(201);
});
