import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { until } from '../support/notices';
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

const ask = (account: TestAccount, method: string, path: string, body?: object, key?: string): Promise<Answer> =>
  api.ask(method, `/v1/accounts/${account.id}${path}`, {
    key: account.owner,
    ...(body && { body }),
    ...(key && { headers: { 'Idempotency-Key': key } }),
  });
const preview = (account: TestAccount, body: object): Promise<Answer> =>
  ask(account, 'POST', '/auto-reload/preview', body);
const reloadsOf = async (account: TestAccount): Promise<{ status: string }[]> =>
  (await ask(account, 'GET', '/reloads')).body.data;
const addCard = (account: TestAccount): Promise<Answer> =>
  ask(account, 'POST', '/payment-methods', { paymentMethod: 'pm_card_visa' });
const buy = (account: TestAccount, amount: string): Promise<Answer> =>
  ask(account, 'POST', '/prepayments', { amount }, 'first');
const adjust = (account: TestAccount, amount: string): Promise<Answer> =>
  api.ask('POST', `/v1/accounts/${account.id}/adjustments`, {
    key: api.admin,
    body: { amount, reason: 'test' },
    headers: { 'Idempotency-Key': amount },
  });

async function ready(balance: string): Promise<TestAccount> {
  const account = await openAccount(api);
  await addCard(account);
  expect((await buy(account, balance)).status).toBe(201);
  return account;
}

type Scene = { account: () => Promise<TestAccount>; settings: object; code: string | null; charge: string | null };
const scenes: Record<string, Scene> = {
  'A1 no method': {
    account: () => openAccount(api),
    settings: { threshold: '10', amount: '25' },
    code: 'payment_method_required',
    charge: null,
  },
  'A1 no purchase': {
    async account() {
      const account = await openAccount(api);
      await addCard(account);
      return account;
    },
    settings: { threshold: '10', amount: '25' },
    code: 'first_purchase_required',
    charge: null,
  },
  'A3 above the threshold': {
    account: () => ready('50.00'),
    settings: { threshold: '10', amount: '25' },
    code: null,
    charge: null,
  },
  'A5 at the threshold': {
    account: () => ready('10.00'),
    settings: { threshold: '10', amount: '25' },
    code: null,
    charge: '25.00',
  },
  'A5 a multiple': {
    account: () => ready('5.00'),
    settings: { threshold: '100', amount: '30' },
    code: null,
    charge: '120.00',
  },
  'A5 a large multiple': {
    account: () => ready('5.00'),
    settings: { threshold: '10000', amount: '5' },
    code: null,
    charge: '10000.00',
  },
  'A5 over $12,500': {
    async account() {
      const account = await ready('5.00');
      await adjust(account, '-20000.00');
      return account;
    },
    settings: { threshold: '5', amount: '2500' },
    code: 'amount_too_small',
    charge: null,
  },
  'A12 over the monthly limit': {
    account: () => ready('5.00'),
    settings: { threshold: '100', amount: '30', monthlyLimit: '100' },
    code: 'monthly_limit_exceeded',
    charge: null,
  },
  'A12 within the limit once what awaits its owner is canceled': {
    async account() {
      const account = await ready('20.00');
      await ask(account, 'PUT', '/auto-reload', { threshold: '10', amount: '25', acceptTerms: true });
      await ask(account, 'POST', '/payment-methods', {
        paymentMethod: 'pm_card_authenticationRequired',
        role: 'primary',
      });
      await adjust(account, '-15.00');
      await until(
        () => reloadsOf(account),
        ([reload]) => reload?.status === 'waiting',
      );
      // Its owner was asked to confirm it; then it closes, and can still be confirmed.
      await ask(account, 'DELETE', '/auto-reload');
      await until(
        () => reloadsOf(account),
        ([reload]) => reload?.status === 'canceled',
      );
      await ask(account, 'POST', '/payment-methods', { paymentMethod: 'pm_card_visa', role: 'primary' });
      return account;
    },
    settings: { threshold: '10', amount: '25', monthlyLimit: '40' },
    code: null,
    charge: '25.00',
  },
  'P5 suspended': {
    async account() {
      const account = await ready('5.00');
      await api.ask('PUT', `/v1/accounts/${account.id}/suspension`, { key: api.admin, body: { reason: 'test' } });
      return account;
    },
    settings: { threshold: '10', amount: '25' },
    code: 'account_suspended',
    charge: null,
  },
  'A13 paused': {
    async account() {
      const account = await ready('50.00');
      await ask(account, 'PUT', '/auto-reload', { threshold: '10', amount: '25', acceptTerms: true });
      await ask(account, 'POST', '/auto-reload/pause');
      return account;
    },
    settings: { threshold: '100', amount: '25' },
    code: null,
    charge: null,
  },
};

test.each(Object.entries(scenes))(
  '%s: the preview says what the change then does, and changes nothing',
  async (_name, { account: make, settings, code, charge }) => {
    const account = await make();
    const before = (await ask(account, 'GET', '/auto-reload')).body;
    const reloadsBefore = await reloadsOf(account);
    const said = await preview(account, { ...settings, acceptTerms: true });
    expect(said).toMatchObject({
      status: 200,
      body: { wouldCharge: charge, refusal: code === null ? null : { code, detail: expect.any(String) } },
    });
    expect((await ask(account, 'GET', '/auto-reload')).body).toEqual(before);
    expect(await reloadsOf(account)).toEqual(reloadsBefore);
    const done = await ask(account, 'PUT', '/auto-reload', { ...settings, acceptTerms: true });
    expect(code === null ? (done.body.charged?.amount ?? null) : done.body.code).toBe(code ?? charge);
    if (code !== null) expect(done.body.detail).toBe(said.body.refusal.detail);
  },
);

test('A2 what no account may set is refused as by the change itself; a preview needs no consent', async () => {
  const account = await ready('50.00');
  expect(await preview(account, { threshold: '4.99', amount: '25' })).toMatchObject({
    status: 422,
    body: { code: 'out_of_range', errors: [{ path: 'threshold' }] },
  });
  expect(await preview(account, { threshold: '10.001', amount: '25' })).toMatchObject({
    status: 422,
    body: { code: 'fraction_of_a_cent' },
  });
  expect(await preview(account, { threshold: '10' })).toMatchObject({ status: 400 });
  expect(await preview(account, { threshold: '10', amount: '25' })).toMatchObject({
    status: 200,
    body: { refusal: null, reloadsPerDay: 0, minutesUntilReload: null, advice: { threshold: '10.00' } },
  });
});

test('A2 a deployment has presets and ranges of its own: they are offered, and held', async () => {
  const other = await startTestApi({
    database: world.database,
    temporal: world.client,
    stripe: world.stripe,
    bounds: {
      threshold: { presets: [20_000], range: [10_000, 2_000_000] },
      amount: { presets: [500_000], range: [300_000, 500_000] },
    },
  });
  try {
    const account = await ready('50');
    const at = (method: string, path: string, body?: object): Promise<Answer> =>
      other.ask(method, `/v1/accounts/${account.id}${path}`, { key: account.owner, ...(body && { body }) });
    expect((await at('GET', '/auto-reload')).body).toMatchObject({
      presets: { threshold: ['200.00'], amount: ['5000.00'] },
      ranges: { threshold: { min: '100.00', max: '20000.00' }, amount: { min: '3000.00', max: '5000.00' } },
    });
    const settings = { threshold: '10000.01', amount: '3000' };
    expect(await preview(account, settings)).toMatchObject({ status: 422, body: { code: 'out_of_range' } });
    expect(await at('POST', '/auto-reload/preview', { threshold: '99.99', amount: '25' })).toMatchObject({
      status: 422,
      body: {
        code: 'out_of_range',
        errors: [
          { path: 'threshold', message: 'must be from 100.00 to 20000.00' },
          { path: 'amount', message: 'must be from 3000.00 to 5000.00' },
        ],
      },
    });
    const enabled = await at('PUT', '/auto-reload', { ...settings, acceptTerms: true });
    expect(enabled).toMatchObject({ status: 200, body: { status: 'on', threshold: '10000.01', amount: '3000.00' } });
    expect(enabled.body.charged).toMatchObject({ amount: '12000.00' });
  } finally {
    await other.close();
  }
});

const SETTINGS = { threshold: '25', amount: '25', acceptTerms: true };
const enable = (account: TestAccount, more: object = {}): Promise<Answer> =>
  ask(account, 'PUT', '/auto-reload', { ...SETTINGS, ...more });
const consentsOf = async ({ id }: TestAccount): Promise<number> =>
  (await api.database.pool.query('select from consents where account_id = $1', [id])).rowCount!;

test('A5 nothing is charged that was not announced: usage after the preview refuses the change, and says the sum', async () => {
  const account = await ready('25.30');
  expect((await preview(account, SETTINGS)).body.wouldCharge).toBe(null);
  await adjust(account, '-0.40');
  expect(await enable(account, { expectedCharge: '0.00' })).toMatchObject({
    status: 409,
    body: {
      code: 'charge_changed',
      wouldCharge: '25.00',
      detail: '$25.00 would be charged at once now, and nothing was announced: nothing was changed or charged.',
    },
  });
  expect((await ask(account, 'GET', '/auto-reload')).body).toMatchObject({ status: 'off', threshold: null });
  expect([await reloadsOf(account), await consentsOf(account)]).toEqual([[], 0]);
  await adjust(account, '-24.90');
  // Another sum is as little announced as any.
  expect(await enable(account, { expectedCharge: '25.00' })).toMatchObject({
    status: 409,
    body: { wouldCharge: '50.00' },
  });
  expect(await enable(account, { expectedCharge: '50' })).toMatchObject({
    status: 200,
    body: { charged: { amount: '50.00' } },
  });
  // Nor is it taken that less is charged than what was announced.
  expect(await enable(account, { expectedCharge: '25.00' })).toMatchObject({
    status: 409,
    body: { code: 'charge_changed', wouldCharge: null },
  });
  expect(await reloadsOf(account)).toHaveLength(1);
  expect(await consentsOf(account)).toBe(1);
  // Who announces nothing, as callers of before, is charged whatever it is.
  await ask(account, 'DELETE', '/auto-reload');
  await adjust(account, '-30.00');
  expect(await enable(account, { threshold: '30' })).toMatchObject({
    status: 200,
    body: { charged: { amount: '25.00' } },
  });
});

test('A13 what resuming charges at once is said beforehand, and another sum is not charged', async () => {
  const account = await ready('50.00');
  await enable(account);
  expect((await ask(account, 'POST', '/auto-reload/pause')).body).toMatchObject({
    status: 'paused',
    resumeWouldCharge: null,
  });
  expect((await ask(account, 'POST', '/auto-reload/resume', { expectedCharge: '25.00' })).body).toMatchObject({
    code: 'charge_changed',
    wouldCharge: null,
  });
  await adjust(account, '-45.00');
  expect((await ask(account, 'GET', '/auto-reload')).body.resumeWouldCharge).toBe('25.00');
  expect(await ask(account, 'POST', '/auto-reload/resume', { expectedCharge: '0.00' })).toMatchObject({
    status: 409,
    body: { code: 'charge_changed', wouldCharge: '25.00' },
  });
  expect(await reloadsOf(account)).toEqual([]);
  await adjust(account, '-20.00');
  const { body: paused } = await ask(account, 'GET', '/auto-reload');
  expect(paused).toMatchObject({ status: 'paused', resumeWouldCharge: '50.00' });
  const resumed = await ask(account, 'POST', '/auto-reload/resume', { expectedCharge: '50.00' });
  expect(resumed).toMatchObject({ status: 200, body: { status: 'on', resumeWouldCharge: null } });
  await until(
    () => reloadsOf(account),
    (reloads) => reloads.filter(({ status }) => status === 'succeeded').length === 2,
  );
  expect((await api.ask('GET', `/v1/accounts/${account.id}`, { key: account.owner })).body.balance).toBe('35.00');
});

test('A12 resuming charges nothing at once where a guard or an admin holds it back, and says so', async () => {
  const account = await ready('50.00');
  await enable(account, { monthlyLimit: '25' });
  await ask(account, 'POST', '/auto-reload/pause');
  await adjust(account, '-45.00');
  const charge = async () => (await ask(account, 'GET', '/auto-reload')).body.resumeWouldCharge;
  expect(await charge()).toBe('25.00');
  await api.ask('PUT', `/v1/accounts/${account.id}/suspension`, { key: api.admin, body: { reason: 'test' } });
  expect(await charge()).toBe(null);
  await api.ask('DELETE', `/v1/accounts/${account.id}/suspension`, { key: api.admin });
  expect((await ask(account, 'POST', '/auto-reload/resume', { expectedCharge: '25.00' })).status).toBe(200);
  await until(
    () => reloadsOf(account),
    ([reload]) => reload?.status === 'succeeded',
  );
  await ask(account, 'POST', '/auto-reload/pause');
  await adjust(account, '-25.00');
  // The month's limit is used up.
  expect(await charge()).toBe(null);
  expect((await ask(account, 'POST', '/auto-reload/resume', { expectedCharge: '0.00' })).status).toBe(200);
});

test('A5 an announced charge is whole cents, and not less than nothing', async () => {
  const account = await ready('50.00');
  for (const [expectedCharge, code] of [
    ['0.001', 'fraction_of_a_cent'],
    ['-1', 'out_of_range'],
  ] as const) {
    expect(await enable(account, { expectedCharge })).toMatchObject({ status: 422, body: { code } });
    expect(await ask(account, 'POST', '/auto-reload/resume', { expectedCharge })).toMatchObject({
      status: 422,
      body: { code },
    });
  }
  expect((await ask(account, 'POST', '/auto-reload/resume', { expectedCharge: 'some' })).status).toBe(400);
});
