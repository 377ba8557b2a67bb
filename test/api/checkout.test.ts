import { randomUUID } from 'node:crypto';
import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { World } from '../support/world';

let world: World;
let api: TestApi;
beforeAll(async () => {
  world = await World.start({ time: 'real', relay: true });
  api = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe });
});
afterAll(async () => {
  await api.close();
  await world.close();
});
afterEach(() => world.clearFaults());

const pages = { successUrl: 'https://console.example/paid', cancelUrl: 'https://console.example/back' };
const checkout = (account: TestAccount, key: string, more: object = {}): Promise<Answer> =>
  api.ask('POST', `/v1/accounts/${account.id}/prepayments/checkout`, {
    key: account.owner,
    body: { amount: '30.00', ...pages, ...more },
    headers: { 'Idempotency-Key': key },
  });
const read = async (account: TestAccount, path: string): Promise<any> =>
  (await api.ask('GET', `/v1/accounts/${account.id}${path}`, { key: account.owner })).body;
const sessionOf = (url: string): string => new URL(url).pathname.split('/').at(-1)!;
const submit = (url: string, choice: object) =>
  world.simulate('POST', `/checkout-sessions/${sessionOf(url)}/submit`, choice);
const sessionsMade = async (): Promise<number> =>
  (
    (await world.simulate('GET', '/requests?path=/v1/checkout/sessions$&method=POST')) as {
      status: number;
      replayed: boolean;
    }[]
  ).filter(({ status, replayed }) => status === 200 && !replayed).length;

test('P2 twenty simultaneous calls under one key are one payment and one page', async () => {
  const account = await openAccount(api);
  const before = await sessionsMade();
  const answers = await Promise.all(Array.from({ length: 20 }, () => checkout(account, 'one')));
  expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
  expect(answers[0]).toMatchObject({
    status: 201,
    body: { id: expect.any(String), url: expect.stringMatching(/^http.*\/checkout\/cs_test_/) },
  });
  expect((await sessionsMade()) - before).toBe(1);
  expect((await read(account, '/prepayments')).data).toMatchObject([
    { id: answers[0]!.body.id, amount: '30.00', status: 'processing' },
  ]);
  expect(await checkout(account, 'one', { amount: '30' })).toMatchObject({ status: 201, body: answers[0]!.body });
  for (const other of [{ amount: '31.00' }, { successUrl: 'https://elsewhere.example' }]) {
    expect(await checkout(account, 'one', other)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_key_reused' },
    });
  }
});

test.each([
  ['a new card', { paymentMethod: 'pm_card_visa' }],
  ['a third-party provider', { provider: true }],
])('P2 what was paid at Checkout with %s is credited once when somebody looks', async (_name, choice) => {
  const account = await openAccount(api);
  const {
    body: { id, url },
  } = await checkout(account, 'paid');
  // Until then it is nobody's turn but the owner's, and members are not led to its page.
  const unpaid = { status: 'processing', unpaidAtCheckout: true };
  expect(await read(account, `/prepayments/${id}`)).toMatchObject({ ...unpaid, url });
  expect((await read(account, '/prepayments')).data).toMatchObject([unpaid]);
  const asMember = await api.ask('GET', `/v1/accounts/${account.id}/prepayments/${id}`, { key: account.member });
  expect(asMember.body).toMatchObject(unpaid);
  expect(asMember.body).not.toHaveProperty('url');
  await submit(url, choice);
  const seen = await Promise.all(Array.from({ length: 5 }, () => read(account, `/prepayments/${id}`)));
  expect(seen).toEqual(Array(5).fill(expect.objectContaining({ status: 'succeeded', amount: '30.00' })));
  expect(seen[0]).not.toHaveProperty('unpaidAtCheckout');
  expect((await read(account, '/transactions')).data).toMatchObject([
    { kind: 'prepayment', amount: '30.00', balanceAfter: '30.00' },
  ]);
  expect(await read(account, '/gate')).toMatchObject({ allowed: true });
  expect(await checkout(account, 'paid')).toMatchObject({ status: 201, body: { id, url } });
});

test('P2 a page that was left and has expired cancels the prepayment', async () => {
  const account = await openAccount(api);
  const {
    body: { id, url },
  } = await checkout(account, 'left');
  await submit(url, { paymentMethod: 'pm_card_visa_chargeDeclined' });
  expect(await read(account, `/prepayments/${id}`)).toMatchObject({ status: 'processing' });
  await world.stripe.checkout.sessions.expire(sessionOf(url));
  expect(await read(account, `/prepayments/${id}`)).toMatchObject({ status: 'canceled' });
  expect((await read(account, '')).balance).toBe('0.00');
});

test.each(['error_500', 'error_500_after', 'timeout_after', 'reset_before', 'error_429', 'garbage'])(
  'P2 a call cut short between its row and its page (%s) is healed by a repeat',
  async (effect) => {
    const account = await openAccount(api);
    const key = randomUUID();
    await world.simulate('POST', '/faults', { match: { path: '^/v1/checkout/sessions' }, times: 2, effect });
    const answers: number[] = [];
    for (let i = 0; i < 5; i++) answers.push((await checkout(account, key)).status);
    expect(answers[0]).toBe(503);
    expect(answers.at(-1)).toBe(201);
    const {
      body: { id, url },
    } = await checkout(account, key);
    await submit(url, { paymentMethod: 'pm_card_visa' });
    expect(await read(account, `/prepayments/${id}`)).toMatchObject({ status: 'succeeded' });
    expect((await read(account, '/prepayments')).data).toHaveLength(1);
  },
);

test('P2 what cannot be paid at Checkout is refused, and nothing is begun', async () => {
  const account = await openAccount(api);
  expect(await checkout(account, 'a', { amount: '4.99' })).toMatchObject({
    status: 422,
    body: { code: 'out_of_range' },
  });
  expect(await checkout(account, 'b', { amount: '5.001' })).toMatchObject({
    status: 422,
    body: { code: 'fraction_of_a_cent' },
  });
  expect(await checkout(account, 'c', { successUrl: 'javascript:alert(1)' })).toMatchObject({
    status: 400,
    body: { code: 'invalid_request' },
  });
  expect(await checkout(account, '')).toMatchObject({ status: 400, body: { code: 'idempotency_key_required' } });
  expect((await read(account, '/prepayments')).data).toEqual([]);
});

describe('a bank transfer at Checkout', () => {
  /** The customer has chosen to pay by transfer and has got its instructions: the page is complete, and unpaid. */
  async function begin(): Promise<{ account: TestAccount; id: string; session: string; intent: string }> {
    const account = await openAccount(api);
    const { body } = await checkout(account, 'transfer');
    const { id: method } = await world.stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
    await world.simulate('POST', `/payment-methods/${method}/behavior`, { settlement: 'bank_transfer' });
    await submit(body.url, { paymentMethod: method });
    const session = await world.stripe.checkout.sessions.retrieve(sessionOf(body.url));
    expect(session).toMatchObject({ status: 'complete', payment_status: 'unpaid' });
    return { account, id: body.id, session: session.id, intent: session.payment_intent as string };
  }
  const statusOf = async ({ account, id }: { account: TestAccount; id: string }): Promise<string> =>
    (await read(account, `/prepayments/${id}`)).status;

  test('P2 it is processing while it is under way, whoever looks, and credited once when it comes', async () => {
    const begun = await begin();
    for (const _again of [1, 2]) expect(await statusOf(begun)).toBe('processing');
    expect((await api.ask('POST', '/v1/reconcile', { key: api.admin })).status).toBe(200);
    expect(await statusOf(begun)).toBe('processing');
    await world.simulate('POST', `/payment-intents/${begun.intent}/settle`, {});
    expect(await statusOf(begun)).toBe('succeeded');
    expect(await read(begun.account, '/transactions')).toMatchObject({
      data: [{ kind: 'prepayment', amount: '30.00' }],
    });
  });

  test('P2 it has failed when it did not come', async () => {
    const begun = await begin();
    expect(await statusOf(begun)).toBe('processing');
    await world.simulate('POST', `/payment-intents/${begun.intent}/settle`, { declineCode: 'insufficient_funds' });
    expect(await statusOf(begun)).toBe('failed');
    expect((await read(begun.account, '')).balance).toBe('0.00');
  });
});
