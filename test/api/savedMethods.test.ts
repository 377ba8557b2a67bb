/** A11: a card that was declined for good may be renewed, updated by its network, or turn out to pay after all. */
import { randomUUID } from 'node:crypto';
import { openAccount, startTestApi, TEST_WEBHOOK_SECRETS, type TestAccount, type TestApi } from '../support/api';
import { until } from '../support/notices';
import { World } from '../support/world';

let world: World;
let api: TestApi;
beforeAll(async () => {
  world = await World.start({ stripeTimeoutMs: 5_000, time: 'real', relay: true });
  api = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe });
  await deliver('api');
});
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
const add = async (account: TestAccount, paymentMethod: string): Promise<any> => {
  const { status, body } = await api.ask('POST', `/v1/accounts/${account.id}/payment-methods`, {
    key: account.owner,
    body: { paymentMethod },
  });
  expect(status).toBe(201);
  return body;
};
const prepay = (account: TestAccount, paymentMethodId: string) =>
  api.ask('POST', `/v1/accounts/${account.id}/prepayments`, {
    key: account.owner,
    body: { amount: '5.00', paymentMethodId },
    headers: { 'Idempotency-Key': randomUUID() },
  });
const read = async (account: TestAccount, id: string): Promise<any> =>
  (await api.ask('GET', `/v1/accounts/${account.id}/payment-methods`, { key: account.owner })).body.data.find(
    (method: { id: string }) => method.id === id,
  );
const behave = (id: string, behavior: object) => world.simulate('POST', `/payment-methods/${id}/behavior`, behavior);
/** The same card number with an expiry of its own. */
const cardOf = async (expYear: number, number = '4242424242424242'): Promise<string> =>
  (
    await world.stripe.paymentMethods.create({
      type: 'card',
      card: { number, exp_month: 6, exp_year: expYear, cvc: '123' },
    })
  ).id;
/** A saved card that a charge has shown to be lost. */
const lostCard = async (expYear = 2027, number?: string): Promise<{ account: TestAccount; id: string }> => {
  const account = await openAccount(api);
  const { id } = await add(account, await cardOf(expYear, number));
  await behave(id, { chargeDecline: 'lost_card' });
  expect(await prepay(account, id)).toMatchObject({ status: 402, body: { declineCode: 'lost_card' } });
  expect(await read(account, id)).toMatchObject({ usable: false, unusableBecause: 'lost_card' });
  return { account, id };
};

test('A11 the same number with a later expiry is a renewed card and usable; with the same or an earlier one it is not', async () => {
  const { account, id } = await lostCard(2027);
  expect(await add(account, await cardOf(2027))).toMatchObject({ usable: false, expYear: 2027 });
  expect(await add(account, await cardOf(2026))).toMatchObject({ usable: false, expYear: 2026 });
  expect(await add(account, await cardOf(2031))).toMatchObject({ usable: true, expMonth: 6, expYear: 2031 });
  expect(await read(account, id)).toMatchObject({ usable: false });
});

test('A11 a decline for good of an old card leaves a renewed one of the same number usable', async () => {
  const account = await openAccount(api);
  const renewed = await add(account, await cardOf(2031));
  const old = await add(account, await cardOf(2027));
  await behave(old.id, { chargeDecline: 'expired_card' });
  expect((await prepay(account, old.id)).status).toBe(402);
  expect(await read(account, old.id)).toMatchObject({ usable: false });
  expect(await read(account, renewed.id)).toMatchObject({ usable: true });
});

test('A17 a method tells how its last charge was answered, a prepayment too, also when its owner confirmed it later', async () => {
  const account = await openAccount(api);
  const { id, lastCharge } = await add(account, await cardOf(2027));
  expect(lastCharge).toBeNull();
  await behave(id, { chargeDecline: 'insufficient_funds' });
  expect((await prepay(account, id)).status).toBe(402);
  expect(await read(account, id)).toMatchObject({
    usable: true,
    lastCharge: {
      outcome: 'declined',
      declineCode: 'insufficient_funds',
      declineMessage: expect.stringContaining('insufficient funds'),
      at: expect.stringMatching(/Z$/),
    },
  });
  await behave(id, { chargeDecline: null });
  expect((await prepay(account, id)).status).toBe(201);
  const paid = { outcome: 'succeeded', declineCode: null, declineMessage: null };
  expect(await read(account, id)).toMatchObject({ lastCharge: paid });
  // As a reload leaves it that was declined first, and whose owner then confirmed it with this card.
  const { rows } = await api.database.pool.query<{ id: string }>(
    `update payment_attempts set outcome = 'declined', decline_code = 'authentication_required'
     where payment_id = (select id from payments where account_id = $1 and status = 'succeeded') returning payment_id as id`,
    [account.id],
  );
  expect(rows).toHaveLength(1);
  expect(await read(account, id)).toMatchObject({ lastCharge: paid });
  const other = await add(account, await cardOf(2031, '5555555555554444'));
  expect(other.lastCharge).toBeNull();
});

test('A11 a card that its network has updated is usable again, and shows its new number and expiry', async () => {
  const { account, id } = await lostCard();
  await world.simulate('POST', `/payment-methods/${id}/update`, { number: '4000056655665556', expYear: 2032 });
  const updated = await until(
    () => read(account, id),
    ({ usable }) => usable,
  );
  expect(updated).toMatchObject({ last4: '5556', expMonth: 6, expYear: 2032 });
});

test("A11 the network's word that a card was updated is enough, even where nothing else is to be seen", async () => {
  const { account, id } = await lostCard();
  await world.simulate('POST', `/payment-methods/${id}/update`, {});
  await until(
    () => read(account, id),
    ({ usable }) => usable,
  );
});

test('A11 a card whose expiry was corrected at Stripe is usable; a change of its metadata alone ends no mark', async () => {
  const { account, id } = await lostCard();
  await world.stripe.paymentMethods.update(id, { metadata: { note: 'seen' } });
  await until(
    () => world.simulate('GET', '/webhooks'),
    (state) => (state as { owed: number }).owed === 0,
  );
  expect(await read(account, id)).toMatchObject({ usable: false });
  await world.stripe.paymentMethods.update(id, { card: { exp_month: 8, exp_year: 2030 } });
  const updated = await until(
    () => read(account, id),
    ({ usable }) => usable,
  );
  expect(updated).toMatchObject({ expMonth: 8, expYear: 2030 });
});

test('A11 a charge that succeeds ends the mark under every id of that card', async () => {
  const { account, id } = await lostCard();
  const again = await add(account, await cardOf(2027));
  expect(again.usable).toBe(false);
  await behave(id, { chargeDecline: null });
  expect((await prepay(account, id)).status).toBe(201);
  expect(await read(account, id)).toMatchObject({ usable: true });
  expect(await read(account, again.id)).toMatchObject({ usable: true });
});

test('A11 a payment at Checkout by that card ends the mark too, though it has another id there; one by another card does not', async () => {
  const { account, id } = await lostCard();
  const payBy = async (card: string) => {
    const pages = { successUrl: 'https://console.example/ok', cancelUrl: 'https://console.example/no' };
    const { status, body } = await api.ask('POST', `/v1/accounts/${account.id}/prepayments/checkout`, {
      key: account.owner,
      body: { amount: '5.00', ...pages },
      headers: { 'Idempotency-Key': randomUUID() },
    });
    expect(status).toBe(201);
    const session = new URL(body.url as string).pathname.split('/').at(-1)!;
    await world.simulate('POST', `/checkout-sessions/${session}/submit`, { paymentMethod: card });
    const paid = await api.ask('GET', `/v1/accounts/${account.id}/prepayments/${body.id}`, { key: account.owner });
    expect(paid.body).toMatchObject({ status: 'succeeded' });
  };
  await payBy(await cardOf(2031));
  await payBy('pm_card_mastercard');
  expect(await read(account, id)).toMatchObject({ usable: false });
  await payBy(await cardOf(2027));
  expect(await read(account, id)).toMatchObject({ usable: true });
});

test('A11 the same method added again shows what it is now, and is usable if it was renewed', async () => {
  const { account, id } = await lostCard();
  await deliver(null);
  expect(await add(account, id)).toMatchObject({ usable: false, expYear: 2027 });
  await world.simulate('POST', `/payment-methods/${id}/update`, { expYear: 2034 });
  expect(await add(account, id)).toMatchObject({ id, usable: true, expYear: 2034, role: 'primary' });
  await deliver('api');
});

test('A11, P6 an update whose event was never delivered is found by reconciliation, also behind the first twenty types', async () => {
  const { account, id } = await lostCard();
  expect((await api.ask('POST', '/v1/reconcile', { key: api.admin })).status).toBe(200);
  await deliver(null);
  await world.simulate('POST', `/payment-methods/${id}/update`, { expYear: 2033 });
  const { body } = await api.ask('POST', '/v1/reconcile', { key: api.admin });
  await deliver('api');
  expect(body.repaired.newest).toContainEqual({ kind: 'noted', accountId: account.id, about: id });
  expect(await read(account, id)).toMatchObject({ usable: true, expYear: 2033 });
});

test('P1 a saved bank account shows the end of its number and has a fingerprint', async () => {
  const account = await openAccount(api);
  expect(await add(account, 'pm_usBankAccount_success')).toMatchObject({
    brand: 'us_bank_account',
    last4: '6789',
    expMonth: null,
    expYear: null,
    fingerprint: expect.stringMatching(/./),
    usable: true,
  });
});
