import { confirmationWorkflowId } from '../../workflows/messages';
import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { until } from '../support/notices';
import { World } from '../support/world';

let world: World;
let api: TestApi;
beforeAll(async () => {
  world = await World.start({ time: 'real', relay: true, policy: { retryDelaysMs: [600_000] } });
  api = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe });
});
afterAll(async () => {
  await api.close();
  await world.close();
});

const wantsConfirmation = 'pm_card_authenticationRequired';
const ofAccount = (
  account: TestAccount,
  method: string,
  path: string,
  body?: object,
  idempotencyKey?: string,
): Promise<Answer> =>
  api.ask(method, `/v1/accounts/${account.id}${path}`, {
    key: account.owner,
    ...(body && { body }),
    ...(idempotencyKey && { headers: { 'Idempotency-Key': idempotencyKey } }),
  });
const addCard = (account: TestAccount, paymentMethod: string): Promise<Answer> =>
  ofAccount(account, 'POST', '/payment-methods', { paymentMethod });
const prepay = (account: TestAccount, key: string): Promise<Answer> =>
  ofAccount(account, 'POST', '/prepayments', { amount: '25.00' }, key);
const read = async (account: TestAccount, path: string): Promise<any> => (await ofAccount(account, 'GET', path)).body;

/** What a browser does with a page of the provider's: presses a button. Resolves with where that leads. */
async function press(url: string, answer: 'approve' | 'refuse'): Promise<string> {
  const secret = new URL(url).searchParams.get('client_secret')!;
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ client_secret: secret, answer }),
  });
  return response.headers.get('location')!;
}

/** The link of the mail, on this API. */
async function linkOf(account: TestAccount): Promise<string> {
  const { data } = await until(
    () => read(account, '/notices'),
    (body) => body.data.some((notice: { kind: string }) => notice.kind === 'confirmation_needed'),
  );
  return pathOf(data.find((notice: { kind: string }) => notice.kind === 'confirmation_needed').data.url);
}
const pathOf = (url: string): string => new URL(url).pathname + new URL(url).search;

/** An account whose reload was declined for want of its owner's confirmation. */
async function waitingReload(): Promise<TestAccount> {
  const account = await openAccount(api);
  const { body: card } = await addCard(account, 'pm_card_visa');
  expect((await prepay(account, 'first')).status).toBe(201);
  expect(
    (await ofAccount(account, 'PUT', '/auto-reload', { threshold: '10.00', amount: '40.00', acceptTerms: true }))
      .status,
  ).toBe(200);
  const { body: wanting } = await addCard(account, wantsConfirmation);
  await ofAccount(account, 'PATCH', `/payment-methods/${wanting.id}`, { role: 'primary' });
  await ofAccount(account, 'DELETE', `/payment-methods/${card.id}`);
  await api.ask('POST', `/v1/accounts/${account.id}/adjustments`, {
    key: api.admin,
    body: { amount: '-20.00', reason: 'use' },
    headers: { 'Idempotency-Key': 'use' },
  });
  await until(
    () => read(account, '/auto-reload'),
    (body) => body.strikes === 1,
  );
  return account;
}

describe('P2 a prepayment that needs confirmation', () => {
  test('P2 is answered with a link, the same for every call under its key; confirmed it is credited once', async () => {
    const account = await openAccount(api);
    await addCard(account, wantsConfirmation);
    const answers = await Promise.all(Array.from({ length: 20 }, () => prepay(account, 'one')));
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
    const {
      status,
      body: { id, url },
    } = answers[0]!;
    expect([status, answers[0]!.body.status]).toEqual([202, 'requires_action']);
    expect(await read(account, `/prepayments/${id}`)).toMatchObject({ status: 'requires_action', url });
    const byMember = await api.ask('GET', `/v1/accounts/${account.id}/prepayments/${id}`, { key: account.member });
    expect([byMember.body.status, byMember.body.url]).toEqual(['requires_action', undefined]);
    expect((await read(account, '')).balance).toBe('0.00');

    const back = await press(url, 'approve');
    expect(back).toMatch(/^https:\/\/ballast\.test\/confirm\/.*redirect_status=succeeded/);
    const page = await api.ask('GET', pathOf(back));
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining('Thank you') });
    expect(await read(account, `/prepayments/${id}`)).toMatchObject({ status: 'succeeded' });
    expect(await prepay(account, 'one')).toMatchObject({
      status: 201,
      body: { id, status: 'succeeded', balance: '25.00' },
    });
    expect((await read(account, '/transactions')).data).toHaveLength(1);
    expect(
      (await read(account, '/notices')).data.filter(
        (notice: { kind: string }) => notice.kind === 'confirmation_needed',
      ),
    ).toHaveLength(1);
  });

  test('P2 confirmed, but nobody came back: reading it shows and credits it', async () => {
    const account = await openAccount(api);
    await addCard(account, wantsConfirmation);
    const {
      body: { id, url },
    } = await prepay(account, 'away');
    await press(url, 'approve');
    expect(await read(account, `/prepayments/${id}`)).toMatchObject({ status: 'succeeded' });
    expect(await read(account, '/gate')).toMatchObject({ allowed: true });
  });

  test('O4 its workflow is lost: the relay has it given up when its day is over', async () => {
    const account = await openAccount(api);
    await addCard(account, wantsConfirmation);
    const {
      body: { id },
    } = await prepay(account, 'lost');
    await world.client.workflow.getHandle(confirmationWorkflowId(id)).terminate();
    await world.database.pool.query(`update payments set created_at = now() - interval '26 hours' where id = $1`, [id]);
    await world.database.pool.query(
      `update payment_attempts set at = now() - interval '26 hours' where payment_id = $1`,
      [id],
    );
    await until(
      () => read(account, `/prepayments/${id}`),
      ({ status }) => status === 'canceled',
    );
  });

  test.each([
    ['refused by its owner', wantsConfirmation, 'refuse', 'authentication_failed'],
    [
      'confirmed, then declined by the bank',
      'pm_card_authenticationRequiredChargeDeclinedInsufficientFunds',
      'approve',
      'insufficient_funds',
    ],
  ] as const)(
    'P2 %s it has failed: nothing is credited and nothing can pay it later',
    async (_name, card, answer, declineCode) => {
      const account = await openAccount(api);
      await addCard(account, card);
      const {
        body: { id, url },
      } = await prepay(account, 'no');
      const back = await press(url, answer);
      expect(await read(account, `/prepayments/${id}`)).toMatchObject({ status: 'failed', declineCode });
      expect(await prepay(account, 'no')).toMatchObject({ status: 402, body: { code: 'card_declined', declineCode } });
      if (back) expect((await api.ask('GET', pathOf(back))).body).toContain('The payment was not made');
      const { rows } = await world.database.pool.query<{ i: string }>(
        'select payment_intent_id as i from payments where id = $1',
        [id],
      );
      expect((await world.stripe.paymentIntents.retrieve(rows[0]!.i)).status).toBe('canceled');
      expect((await read(account, '')).balance).toBe('0.00');
    },
  );
});

describe('A11 a reload that needs confirmation', () => {
  test('A11 owners get one link of ours; confirmed there, that same PaymentIntent is credited and closes the reload', async () => {
    const account = await waitingReload();
    const link = await linkOf(account);
    const asked = await api.ask('GET', link);
    expect(asked.status).toBe(200);
    for (const part of [
      `Account ${account.id}`,
      '$40.00',
      'ending in 3184',
      'automatic reload',
      '<form method="post">',
    ])
      expect(asked.body).toContain(part);
    expect(asked.headers.get('referrer-policy')).toBe('no-referrer');
    expect(asked.headers.get('cache-control')).toBe('no-store');

    const onward = await api.ask('POST', link);
    expect(onward.status).toBe(303);
    const again = await api.ask('POST', link);
    expect(again.headers.get('location')).toBe(onward.headers.get('location'));
    const back = await press(onward.headers.get('location')!, 'approve');
    expect((await api.ask('GET', pathOf(back))).body).toContain('Thank you');
    expect((await read(account, '')).balance).toBe('45.00');
    const {
      data: [reload],
    } = await read(account, '/reloads');
    expect(reload).toMatchObject({ number: 1, amount: '40.00', status: 'succeeded' });
    expect(await read(account, '/auto-reload')).toMatchObject({ status: 'on', strikes: 0, reload: null });
    const told = (await read(account, '/notices')).data.map((notice: { kind: string }) => notice.kind);
    expect(told.sort()).toEqual(['confirmation_needed', 'first_failed_attempt', 'reload_succeeded']);
    expect((await api.ask('POST', link)).headers.get('location')).toContain('/confirm/');
    const { rows } = await world.database.pool.query('select 1 from payments where account_id = $1 and purpose = $2', [
      account.id,
      'reload',
    ]);
    expect(rows).toHaveLength(1);
  });

  test('A11 refused at the bank it stays open: the page says so and lets its owner try again', async () => {
    const account = await waitingReload();
    const link = await linkOf(account);
    const back = await press((await api.ask('POST', link)).headers.get('location')!, 'refuse');
    const page = await api.ask('GET', pathOf(back));
    expect(page.body).toContain('was not confirmed');
    expect(page.body).toContain('<form method="post">');
    await press((await api.ask('POST', link)).headers.get('location')!, 'approve');
    expect((await api.ask('GET', link)).body).toContain('Thank you');
    expect((await read(account, '')).balance).toBe('45.00');
  });

  test('A11 simultaneous confirmations and looks are one charge and one credit', async () => {
    const account = await waitingReload();
    const link = await linkOf(account);
    const pressed = await Promise.all(Array.from({ length: 10 }, () => api.ask('POST', link)));
    const urls = new Set(pressed.map(({ headers }) => headers.get('location')!));
    await press([...urls].at(-1)!, 'approve');
    await Promise.all(Array.from({ length: 10 }, () => api.ask('GET', link)));
    expect((await read(account, '')).balance).toBe('45.00');
    expect(
      (await read(account, '/transactions')).data.filter((line: { kind: string }) => line.kind === 'reload'),
    ).toHaveLength(1);
  });

  test('A13 disabled with a confirmation outstanding: the link works still, until it is confirmed', async () => {
    const account = await waitingReload();
    const link = await linkOf(account);
    await ofAccount(account, 'DELETE', '/auto-reload');
    expect((await api.ask('GET', link)).body).toContain('<form method="post">');
    await press((await api.ask('POST', link)).headers.get('location')!, 'approve');
    await api.ask('GET', link);
    expect((await read(account, '')).balance).toBe('45.00');
    expect(await read(account, '/auto-reload')).toMatchObject({ status: 'off' });
  });
});

test('A11 a link that is not ours, or was changed, leads nowhere', async () => {
  const account = await waitingReload();
  const link = await linkOf(account);
  const changed = link
    .replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    .replace(/\.(.)/, (_all, first: string) => `.${first === 'x' ? 'y' : 'x'}`);
  for (const path of [changed, '/confirm/nothing', `/confirm/${'x'.repeat(150)}`, link.split('.')[0]!]) {
    expect(await api.ask('GET', path)).toMatchObject({
      status: 404,
      body: expect.stringContaining('nothing at this link'),
    });
    expect((await api.ask('POST', path)).status).toBe(404);
  }
});

test('P3 Stripe has taken another amount than was asked: 202 with what is known, never "nothing was charged", until it is given back', async () => {
  const account = await openAccount(api);
  await addCard(account, wantsConfirmation);
  const { body: waiting } = await prepay(account, 'differs');
  const { rows } = await api.database.pool.query<{ intent: string }>(
    'update payments set amount_cents = 2400 where id = $1 returning payment_intent_id as intent',
    [waiting.id],
  );
  await world.simulate('POST', `/payment-intents/${rows[0]!.intent}/confirm-by-owner`, { success: true });
  const known = { status: 'processing', amount: '24.00', detail: expect.stringContaining('we are looking at it') };
  for (const _again of [1, 2]) expect(await prepay(account, 'differs')).toMatchObject({ status: 202, body: known });
  expect(await read(account, `/prepayments/${waiting.id}`)).toMatchObject(known);
  expect((await read(account, '')).balance).toBe('0.00');
  const decisions = (await read(account, '/decisions')).data;
  expect(decisions.filter(({ kind }: { kind: string }) => kind === 'quarantine')).toHaveLength(1);
  const page = await api.ask('GET', await linkOf(account));
  expect(page.body).toContain('we are looking at it');
  expect(page.body).not.toContain('Nothing was charged');

  await world.stripe.refunds.create({ payment_intent: rows[0]!.intent });
  expect((await api.ask('POST', '/v1/reconcile', { key: api.admin })).status).toBe(200);
  expect(await prepay(account, 'differs')).toMatchObject({
    status: 402,
    body: { declineCode: 'refunded', detail: 'The payment was given back in full.' },
  });
});
