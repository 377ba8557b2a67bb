import {
  openAccount,
  report,
  putModel,
  startTestApi,
  type Answer,
  type TestAccount,
  type TestApi,
} from '../support/api';
import { until } from '../support/notices';
import { times } from '../support/times';
import { World } from '../support/world';

let world: World;
let api: TestApi;
beforeAll(async () => {
  world = await World.start({ time: 'real', relay: true });
  api = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe });
  await putModel(api);
});
afterAll(async () => {
  await api.close();
  await world.close();
});

const addCard = (account: TestAccount, paymentMethod: string, role?: string): Promise<Answer> =>
  api.ask('POST', `/v1/accounts/${account.id}/payment-methods`, {
    key: account.owner,
    body: { paymentMethod, ...(role && { role }) },
  });
const prepay = (account: TestAccount, amount: string, idempotencyKey: string, more: object = {}): Promise<Answer> =>
  api.ask('POST', `/v1/accounts/${account.id}/prepayments`, {
    key: account.owner,
    body: { amount, ...more },
    headers: { 'Idempotency-Key': idempotencyKey },
  });
const configure = (account: TestAccount, body: object): Promise<Answer> =>
  api.ask('PUT', `/v1/accounts/${account.id}/auto-reload`, {
    key: account.owner,
    body: { acceptTerms: true, ...body },
  });
const read = async (account: TestAccount, path: string): Promise<any> =>
  (await api.ask('GET', `/v1/accounts/${account.id}${path}`, { key: account.owner })).body;

test('P1 the first method becomes primary; a role is taken from its holder; a declined card is 402', async () => {
  const account = await openAccount(api);
  const first = await addCard(account, 'pm_card_visa');
  expect(first).toMatchObject({ status: 201, body: { role: 'primary', brand: 'visa', last4: '4242', usable: true } });
  const second = await addCard(account, 'pm_card_mastercard');
  expect(second.body.role).toBeNull();
  const changed = await api.ask('PATCH', `/v1/accounts/${account.id}/payment-methods/${second.body.id}`, {
    key: account.owner,
    body: { role: 'primary' },
  });
  expect(changed).toMatchObject({ status: 200, body: { id: second.body.id, role: 'primary' } });
  expect((await read(account, '/payment-methods')).data).toMatchObject([
    { id: second.body.id, role: 'primary' },
    { id: first.body.id, role: null },
  ]);

  expect(await addCard(account, 'pm_card_visa_chargeDeclined')).toMatchObject({
    status: 402,
    body: { code: 'card_declined', declineCode: 'generic_decline' },
  });
  expect(await addCard(account, 'pm_nobody_knows')).toMatchObject({
    status: 422,
    body: { code: 'payment_method_invalid' },
  });
  expect(
    (await api.ask('DELETE', `/v1/accounts/${account.id}/payment-methods/${first.body.id}`, { key: account.owner }))
      .status,
  ).toBe(204);
  expect(
    (await api.ask('DELETE', `/v1/accounts/${account.id}/payment-methods/${first.body.id}`, { key: account.owner }))
      .status,
  ).toBe(404);
  expect((await read(account, '/payment-methods')).data).toHaveLength(1);
});

test('P1 a setup session gives the address of a hosted page', async () => {
  const account = await openAccount(api);
  const { status, body } = await api.ask('POST', `/v1/accounts/${account.id}/payment-methods/setup`, {
    key: account.owner,
    body: { returnUrl: 'https://console.example/back' },
  });
  expect(status).toBe(201);
  expect(body.url).toMatch(/^http/);
});

test('P2 twenty simultaneous prepayments under one key are one charge and one answer; access resumes with it', async () => {
  const account = await openAccount(api);
  await addCard(account, 'pm_card_visa');
  const answers = await Promise.all(times(20, () => prepay(account, '25.00', 'one')));
  expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body])))).toHaveProperty('size', 1);
  expect(answers[0]).toMatchObject({ status: 201, body: { status: 'succeeded', amount: '25.00', balance: '25.00' } });
  expect(await read(account, '/gate')).toMatchObject({ allowed: true, state: 'ok' });
  expect((await read(account, '/transactions')).data).toMatchObject([
    { sequence: 1, kind: 'prepayment', amount: '25.00', receiptUrl: expect.any(String) },
  ]);
  expect(await prepay(account, '25', 'one')).toMatchObject({ status: 201 });
  expect(await prepay(account, '26.00', 'one')).toMatchObject({
    status: 409,
    body: { code: 'idempotency_key_reused' },
  });
  expect((await read(account, '/prepayments')).data).toMatchObject([
    { id: answers[0]!.body.id, amount: '25.00', refunded: '0.00', status: 'succeeded' },
  ]);
  expect(await read(account, `/prepayments/${answers[0]!.body.id}`)).toMatchObject({ status: 'succeeded' });
});

test('P2 a declined prepayment credits nothing, and its answer stays the same', async () => {
  const account = await openAccount(api);
  await addCard(account, 'pm_card_chargeCustomerFail');
  const first = await prepay(account, '10.00', 'd');
  expect(first).toMatchObject({
    status: 402,
    body: { code: 'card_declined', declineCode: expect.any(String), detail: expect.any(String) },
  });
  expect((await prepay(account, '10.00', 'd')).body).toEqual(first.body);
  expect((await read(account, '')).balance).toBe('0.00');
});

test('P2 amounts out of range, fractions of a cent, no method and no key are refused', async () => {
  const account = await openAccount(api);
  expect(await prepay(account, '10.00', 'a')).toMatchObject({ status: 409, body: { code: 'payment_method_required' } });
  await addCard(account, 'pm_card_visa');
  for (const amount of ['4.99', '10000.01', '-5', '0'])
    expect(await prepay(account, amount, 'b')).toMatchObject({ status: 422, body: { code: 'out_of_range' } });
  expect(await prepay(account, '10.001', 'c')).toMatchObject({ status: 422, body: { code: 'fraction_of_a_cent' } });
  for (const amount of ['ten', '1e2', '', ' 5', '10.', 10])
    expect((await prepay(account, amount as string, 'd')).status).toBe(400);
  expect(await prepay(account, '10.00', '')).toMatchObject({ status: 400, body: { code: 'idempotency_key_required' } });
  expect(await prepay(account, '10.00', 'e', { paymentMethodId: 'pm_of_somebody_else' })).toMatchObject({
    status: 422,
    body: { code: 'payment_method_invalid' },
  });
  expect(await prepay(account, '10.00', 'f', { currency: 'eur' })).toMatchObject({
    status: 400,
    body: { code: 'invalid_request' },
  });
});

test('A1 auto-reload names what is missing: the method first, then a purchase, then the terms', async () => {
  const account = await openAccount(api);
  expect(await configure(account, { threshold: '10', amount: '25' })).toMatchObject({
    status: 409,
    body: { code: 'payment_method_required' },
  });
  await addCard(account, 'pm_card_visa');
  expect(await configure(account, { threshold: '10', amount: '25' })).toMatchObject({
    status: 409,
    body: { code: 'first_purchase_required' },
  });
  expect(await configure(account, { threshold: '10', amount: '25', acceptTerms: false })).toMatchObject({
    status: 422,
    body: { code: 'terms_required' },
  });
  expect(await configure(account, { threshold: '4.99', amount: '2500.01' })).toMatchObject({
    status: 422,
    body: { code: 'out_of_range', errors: [{ path: 'threshold' }, { path: 'amount' }] },
  });
  expect(await configure(account, { threshold: '10.005', amount: '25' })).toMatchObject({
    status: 422,
    body: { code: 'fraction_of_a_cent' },
  });
});

test('A5, A13 enabling at the threshold charges at once; pausing, resuming, disabling follow', async () => {
  const account = await openAccount(api);
  await addCard(account, 'pm_card_visa');
  await prepay(account, '5.00', 'first');
  const enabled = await configure(account, { threshold: '10.00', amount: '25.00', monthlyLimit: '100.00' });
  expect(enabled).toMatchObject({
    status: 200,
    body: {
      status: 'on',
      threshold: '10.00',
      amount: '25.00',
      monthlyLimit: '100.00',
      spentThisMonth: '25.00',
      strikes: 0,
      reload: null,
      charged: { amount: '25.00', transaction: 2 },
    },
  });
  expect((await configure(account, { threshold: '10.00', amount: '30.00' })).body).toMatchObject({
    charged: null,
    amount: '30.00',
    monthlyLimit: null,
  });
  const act = (method: string, action: string) =>
    api.ask(method, `/v1/accounts/${account.id}/auto-reload${action}`, { key: account.owner });
  expect(await act('POST', '/pause')).toMatchObject({ status: 200, body: { status: 'paused', threshold: '10.00' } });
  expect(await act('POST', '/resume')).toMatchObject({ status: 200, body: { status: 'on' } });
  expect(await act('DELETE', '')).toMatchObject({ status: 200, body: { status: 'off' } });
  expect(await act('DELETE', '')).toMatchObject({ status: 200, body: { status: 'off' } });
  expect(await act('POST', '/pause')).toMatchObject({ status: 409, body: { code: 'auto_reload_not_on' } });
  const actions = (await read(account, '/audit')).data.map(({ action }: { action: string }) => action);
  expect(actions).toEqual(
    expect.arrayContaining([
      'auto_reload.configure',
      'auto_reload.pause',
      'auto_reload.resume',
      'auto_reload.disable',
      'prepayment.begin',
      'payment_method.add',
      'account.create',
    ]),
  );
});

test('A5 a declined first charge is the answer, and nothing is enabled', async () => {
  const account = await openAccount(api);
  await addCard(account, 'pm_card_visa');
  await prepay(account, '5.00', 'first');
  await addCard(account, 'pm_card_chargeCustomerFail', 'primary');
  expect(await configure(account, { threshold: '10.00', amount: '25.00' })).toMatchObject({
    status: 402,
    body: { code: 'card_declined' },
  });
  expect(await read(account, '/auto-reload')).toMatchObject({ status: 'off', strikes: 0 });
});

test('A6 usage through the API crosses the threshold: one reload, shown with its attempt, decision, notice and workflow', async () => {
  const account = await openAccount(api);
  await addCard(account, 'pm_card_visa');
  await prepay(account, '50.00', 'first');
  await configure(account, { threshold: '25.00', amount: '100.00' });
  await Promise.all(
    times(5, (index) =>
      report(api, [{ id: `use-${index}`, accountId: account.id, model: 'model', inputTokens: 6_000_000 }]),
    ),
  );
  const { data } = await until(
    () => read(account, '/reloads'),
    (body) => body.data[0]?.status === 'succeeded',
  );
  expect(data).toMatchObject([
    {
      number: 1,
      amount: '100.00',
      status: 'succeeded',
      attempts: [
        { attempt: 1, role: 'primary', outcome: 'succeeded', declineCode: null, brand: 'visa', last4: '4242' },
      ],
    },
  ]);
  await until(
    () => read(account, '/gate'),
    (gate) => gate.state === 'ok',
  );
  expect((await read(account, '')).balance).toBe('120.00');
  expect((await read(account, '/decisions')).data.length).toBeGreaterThan(0);
  expect((await read(account, '/notices')).data).toContainEqual(expect.objectContaining({ kind: 'reload_succeeded' }));
  const workflow = await api.ask('GET', `/v1/accounts/${account.id}/workflow`, { key: api.admin });
  expect(workflow).toMatchObject({
    status: 200,
    body: { workflowId: `balance/${account.id}`, status: 'RUNNING', state: expect.any(Object) },
  });
  expect(workflow.body.decisions.length).toBeGreaterThan(0);
  expect((await api.ask('GET', '/v1/accounts/nobody/workflow', { key: api.admin })).status).toBe(404);
});

test('the last method can not go while auto-reload is on', async () => {
  const account = await openAccount(api);
  const { body: card } = await addCard(account, 'pm_card_visa');
  await prepay(account, '50.00', 'first');
  await configure(account, { threshold: '5.00', amount: '25.00' });
  expect(
    await api.ask('DELETE', `/v1/accounts/${account.id}/payment-methods/${card.id}`, { key: account.owner }),
  ).toMatchObject({ status: 409, body: { code: 'last_payment_method' } });
});

test('readyz is 200 with everything there, and names what is missing', async () => {
  expect(await api.ask('GET', '/readyz')).toMatchObject({ status: 200, body: { status: 'ready', missing: [] } });
  const lonely = await startTestApi({ database: world.database, temporal: world.client });
  expect(await lonely.ask('GET', '/readyz')).toMatchObject({ status: 503, body: { missing: ['payments'] } });
  const account = await openAccount(lonely);
  const attach = await lonely.ask('POST', `/v1/accounts/${account.id}/payment-methods`, {
    key: account.owner,
    body: { paymentMethod: 'pm_card_visa' },
  });
  expect(attach).toMatchObject({ status: 503, body: { code: 'payments_unavailable' } });
  expect(attach.headers.get('retry-after')).toBe('2');
  await lonely.close();
});
