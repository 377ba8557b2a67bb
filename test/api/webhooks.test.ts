/** P4: Stripe's events, genuine or forged, repeated, unordered, early, late or about somebody else. */
import { randomUUID } from 'node:crypto';
import { linesOf, payAtStripe } from '../support/paid';
import {
  openAccount,
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
  world = await World.start({ time: 'real', relay: true });
  api = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe });
});
beforeEach(() => deliver(null));
afterAll(async () => {
  await api.close();
  await world.close();
});

const [secret, oldSecret] = TEST_WEBHOOK_SECRETS as [string, string];
/** Whether the simulator sends its events to the API by itself. */
const deliver = (target: 'api' | null) =>
  world.simulate('POST', '/webhooks/url', target ? { url: `${api.url}/v1/webhooks/stripe`, secret } : { url: null });
const sign = (payload: string, signWith = secret, ageSeconds = 0): string =>
  world.stripe.webhooks.generateTestHeaderString({
    payload,
    secret: signWith,
    timestamp: Math.floor(Date.now() / 1_000) - ageSeconds,
  });
const post = (payload: string | Buffer, signature?: string): Promise<Answer> =>
  api.ask('POST', '/v1/webhooks/stripe', {
    raw: payload,
    ...(signature !== undefined && { headers: { 'Stripe-Signature': signature } }),
  });
const eventOf = (type: string, object: object): string =>
  JSON.stringify({ id: `evt_${randomUUID()}`, object: 'event', type, data: { object } });
const send = (payload: string, signWith?: string): Promise<Answer> => post(payload, sign(payload, signWith));
const read = async (account: TestAccount, path: string): Promise<any> =>
  (await api.ask('GET', `/v1/accounts/${account.id}${path}`, { key: account.owner })).body;
const recorded = async (): Promise<{ id: string; outcome: string }[]> =>
  (await world.database.pool.query('select id, outcome from stripe_events order by received_at')).rows;
const pay = (account: TestAccount, cents = 2_500) => payAtStripe(world.stripe, world.database.pool, account.id, cents);
const lines = (account: TestAccount) => linesOf(world.database.pool, account.id);
const checkout = async (account: TestAccount): Promise<{ id: string; session: string }> => {
  const { status, body } = await api.ask('POST', `/v1/accounts/${account.id}/prepayments/checkout`, {
    key: account.owner,
    body: { amount: '40.00', successUrl: 'https://console.example/ok', cancelUrl: 'https://console.example/no' },
    headers: { 'Idempotency-Key': randomUUID() },
  });
  expect(status).toBe(201);
  const { rows } = await world.database.pool.query<{ session: string }>(
    'select checkout_session_id as session from payments where id = $1',
    [body.id],
  );
  return { id: body.id, session: rows[0]!.session };
};

test('P4 a forged, truncated, replayed or oversized event is 400 and leaves no trace', async () => {
  const account = await openAccount(api);
  const { intent } = await pay(account);
  const payload = eventOf('payment_intent.succeeded', { id: intent });
  const before = await recorded();
  const large = eventOf('payment_intent.succeeded', { id: intent, padding: 'x'.repeat(600_000) });
  const refused: [string | Buffer, string?][] = [
    [payload],
    [payload, ''],
    [payload, 'nonsense'],
    [payload, sign(payload, 'whsec_of_somebody_else')],
    [payload, sign(payload).replace(/v1=.*/, `v1=${'0'.repeat(64)}`)],
    [payload, sign(payload, secret, 301)],
    [payload.replace('"data"', '"Data"'), sign(payload)],
    [payload.slice(0, -20), sign(payload)],
    [Buffer.from([0xff, 0xfe, 0x00]), sign(payload)],
    ['', sign(payload)],
    ['not json', sign('not json')],
    [large, sign(large)],
  ];
  for (const [content, signature] of refused) {
    expect(await post(content, signature)).toMatchObject({ status: 400, body: { code: 'webhook_refused' } });
  }
  expect(await lines(account)).toEqual([]);
  expect(await recorded()).toEqual(before);
});

test('P4 an event that is dated in the future, or has no id of its own or of its object, is 400 and leaves no trace', async () => {
  const account = await openAccount(api);
  const { intent } = await pay(account);
  const before = await recorded();
  const good = eventOf('payment_intent.succeeded', { id: intent });
  const { data } = JSON.parse(good) as { data: object };
  const signed = (event: object): [string, string] => [JSON.stringify(event), sign(JSON.stringify(event))];
  const refused: [string, string][] = [
    // More than a second beyond the limit: the clock goes on until it is looked at.
    [good, sign(good, secret, -400)],
    [good, sign(good, secret, -365 * 86_400)],
    signed({ object: 'event', type: 'payment_intent.succeeded', data }),
    signed({ id: '', object: 'event', type: 'payment_intent.succeeded', data }),
    signed({ id: 7, object: 'event', type: 'payment_intent.succeeded', data }),
    signed({ id: 'evt_\u0000', object: 'event', type: 'payment_intent.succeeded', data }),
    ...['payment_intent.succeeded', 'checkout.session.completed', 'payment_method.detached', 'charge.refunded'].flatMap(
      (type) => [
        signed({ id: 'evt_1', object: 'event', type, data: { object: {} } }),
        signed({ id: 'evt_1', object: 'event', type, data: { object: { id: { nested: true } } } }),
        signed({ id: 'evt_1', object: 'event', type, data: {} }),
        signed({ id: 'evt_1', object: 'event', type }),
      ],
    ),
    signed({
      id: 'evt_1',
      object: 'event',
      type: 'charge.refunded',
      data: { object: { id: 'ch_1', payment_intent: 7 } },
    }),
  ];
  for (const [content, signature] of refused)
    expect(await post(content, signature)).toMatchObject({ status: 400, body: { code: 'webhook_refused' } });
  expect(await recorded()).toEqual(before);
  expect(await lines(account)).toEqual([]);
  // A clock that is a little ahead is no forger.
  expect(await post(good, sign(good, secret, -200))).toMatchObject({ status: 200 });
});

test('P4 two secrets are valid at once while one replaces the other', async () => {
  for (const one of [secret, oldSecret]) {
    const account = await openAccount(api);
    const { intent } = await pay(account);
    expect(await send(eventOf('payment_intent.succeeded', { id: intent }), one)).toMatchObject({
      status: 200,
      body: { received: true },
    });
    expect(await lines(account)).toEqual(['prepayment 25.00']);
  }
});

test('P4 a repeated event is 200 and credits once, also twenty at the same time; the gate opens with it', async () => {
  const account = await openAccount(api);
  const { intent } = await pay(account);
  const payload = eventOf('payment_intent.succeeded', { id: intent, amount_received: 999_999 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(payload)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(await lines(account)).toEqual(['prepayment 25.00']);
  expect(await read(account, '/gate')).toMatchObject({ allowed: true });
  expect((await recorded()).filter(({ id }) => id === JSON.parse(payload).id)).toEqual([
    expect.objectContaining({ outcome: 'credited' }),
  ]);
});

test('P4 unknown types are taken and ignored', async () => {
  const before = await recorded();
  for (const type of ['customer.created', 'invoice.paid', 'of.the.future'])
    expect((await send(eventOf(type, { id: 'x' }))).status).toBe(200);
  expect(await recorded()).toEqual(before);
});

test('P4 a foreign PaymentIntent, one that is not there, an unknown account: 200, recorded, no effect', async () => {
  const foreign = await world.stripe.paymentIntents.create({
    amount: 900,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_visa',
    return_url: 'https://shop.example/',
    metadata: { ballast_payment: randomUUID() },
  });
  const stranger = await world.stripe.customers.create({});
  const session = await world.stripe.checkout.sessions.create({
    mode: 'setup',
    currency: 'usd',
    customer: stranger.id,
    success_url: 'https://shop.example/',
  });
  await world.simulate('POST', `/checkout-sessions/${session.id}/submit`, { paymentMethod: 'pm_card_visa' });
  const payloads = [
    eventOf('payment_intent.succeeded', { id: foreign.id }),
    eventOf('payment_intent.succeeded', { id: 'pi_nowhere' }),
    eventOf('charge.refunded', { id: 'ch_1', payment_intent: null }),
    eventOf('checkout.session.completed', { id: session.id }),
    eventOf('checkout.session.expired', { id: 'cs_nowhere' }),
    eventOf('payment_method.detached', { id: 'pm_nowhere' }),
  ];
  for (const payload of payloads) expect((await send(payload)).status).toBe(200);
  const outcomes = await recorded();
  for (const payload of payloads)
    expect(outcomes.find(({ id }) => id === JSON.parse(payload).id)?.outcome).toMatch(/^(foreign|no open account)$/);
});

test('P4 an outage at Stripe is 503 and leaves nothing half done; the event comes again and counts', async () => {
  const account = await openAccount(api);
  const { intent } = await pay(account);
  const payload = eventOf('payment_intent.succeeded', { id: intent });
  await world.simulate('POST', '/faults', {
    match: { path: `^/v1/payment_intents/${intent}$` },
    times: 1,
    effect: 'error_503',
  });
  expect(await send(payload)).toMatchObject({ status: 503, body: { code: 'payments_unavailable' } });
  expect(await lines(account)).toEqual([]);
  expect((await send(payload)).status).toBe(200);
  expect(await lines(account)).toEqual(['prepayment 25.00']);
});

test('P4 without the database it is 503, and 200 once it is back', async () => {
  const lonely = await startTestApi({ stripe: world.stripe });
  const name = new URL(lonely.database.url).pathname.slice(1);
  const away = async (isAway: boolean) => {
    await world.database.owner.query(`alter database ${name} with allow_connections ${!isAway}`);
    if (isAway)
      await world.database.owner.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
        name,
      ]);
  };
  const payload = eventOf('payment_intent.succeeded', { id: 'pi_nowhere' });
  const ask = () =>
    lonely.ask('POST', '/v1/webhooks/stripe', { raw: payload, headers: { 'Stripe-Signature': sign(payload) } });
  await away(true);
  const refused = await ask();
  await away(false);
  expect(refused).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
  await until(
    async () => (await ask()).status,
    (status) => status === 200,
  );
  await lonely.close();
});

test('P3, P4 copies out of order while the worker charges by itself: one credit', async () => {
  await world.simulate('POST', '/webhooks', { copies: 3, reorder: true });
  await deliver('api');
  const account = await openAccount(api);
  await api.ask('POST', `/v1/accounts/${account.id}/payment-methods`, {
    key: account.owner,
    body: { paymentMethod: 'pm_card_visa' },
  });
  const prepaid = await api.ask('POST', `/v1/accounts/${account.id}/prepayments`, {
    key: account.owner,
    body: { amount: '25.00' },
    headers: { 'Idempotency-Key': 'one' },
  });
  expect(prepaid.status).toBe(201);
  const { rows } = await world.database.pool.query<{ pi: string }>(
    'select payment_intent_id as pi from payments where id = $1',
    [prepaid.body.id],
  );
  await world.stripe.refunds.create({ payment_intent: rows[0]!.pi, amount: 1_000 });
  await until(
    () => world.simulate('GET', '/webhooks'),
    (state) => (state as { owed: number }).owed === 0,
  );
  await world.simulate('POST', '/webhooks', { copies: 1, reorder: false });
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -10.00']);
  expect(await read(account, `/prepayments/${prepaid.body.id}`)).toMatchObject({
    status: 'succeeded',
    refunded: '10.00',
  });
  expect((await read(account, '/prepayments')).data).toMatchObject([{ refunded: '10.00' }]);
});

test('P2, P4 Checkout: the PaymentIntent comes with the news, and is credited once', async () => {
  const account = await openAccount(api);
  const { id, session } = await checkout(account);
  await deliver('api');
  await world.simulate('POST', `/checkout-sessions/${session}/submit`, { provider: true });
  await until(
    () => read(account, `/prepayments/${id}`),
    ({ status }) => status === 'succeeded',
  );
  await until(
    () => world.simulate('GET', '/webhooks'),
    (state) => (state as { owed: number }).owed === 0,
  );
  expect(await lines(account)).toEqual(['prepayment 40.00']);
});

test('P2, P4 a Checkout page that nobody used is canceled when it expires', async () => {
  const account = await openAccount(api);
  const { id, session } = await checkout(account);
  await deliver('api');
  await world.stripe.checkout.sessions.expire(session);
  await until(
    () => read(account, `/prepayments/${id}`),
    ({ status }) => status === 'canceled',
  );
});

test('P1 a card saved on the setup page becomes the primary method, once; days later news of it changes nothing', async () => {
  const account = await openAccount(api);
  await api.ask('POST', `/v1/accounts/${account.id}/payment-methods/setup`, {
    key: account.owner,
    body: { returnUrl: 'https://console.example/' },
  });
  const session = (await world.stripe.checkout.sessions.list({ limit: 1 })).data[0]!.id;
  await world.simulate('POST', `/checkout-sessions/${session}/submit`, { paymentMethod: 'pm_card_visa' });
  const news = () => send(eventOf('checkout.session.completed', { id: session }));
  await Promise.all([news(), news()]);
  const { data } = await read(account, '/payment-methods');
  expect(data).toMatchObject([{ role: 'primary', brand: 'visa', last4: '4242' }]);
  expect(
    (await api.ask('DELETE', `/v1/accounts/${account.id}/payment-methods/${data[0].id}`, { key: account.owner }))
      .status,
  ).toBe(204);
  expect((await news()).status).toBe(200);
  expect((await read(account, '/payment-methods')).data).toEqual([]);
});

test('P4 a method that was detached in the dashboard is removed', async () => {
  const account = await openAccount(api);
  const { body } = await api.ask('POST', `/v1/accounts/${account.id}/payment-methods`, {
    key: account.owner,
    body: { paymentMethod: 'pm_card_visa' },
  });
  const payload = eventOf('payment_method.detached', { id: body.id });
  expect((await send(payload)).status).toBe(200);
  expect((await read(account, '/payment-methods')).data).toHaveLength(1);
  await deliver('api');
  await world.stripe.paymentMethods.detach(body.id);
  await until(
    () => read(account, '/payment-methods'),
    ({ data }) => data.length === 0,
  );
});

test('P5 a refund in the dashboard at the threshold pauses auto-reload: the card is not charged right back', async () => {
  const account = await world.account({ autoReload: { threshold: '10.00', amount: '25.00' }, balance: '30.00' });
  await deliver('api');
  const { intent } = await payAtStripe(world.stripe, world.database.pool, account.id, 2_500);
  await until(
    () => account.available(),
    (available) => available === '55.00',
  );
  await account.use('20.00');
  await account.settle();
  await world.stripe.refunds.create({ payment_intent: intent });
  await until(
    () => account.autoReload(),
    ({ status }) => status === 'paused',
  );
  await account.settle();
  expect(await account.reloads()).toEqual([]);
  expect(await account.credits()).toEqual(['adjustment 30.00', 'prepayment 25.00', 'refund -25.00']);
});
