/** Five declined cards an hour and account, however and by whomever they are tried (docs/security.md, Limits). */
import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { World } from '../support/world';

let world: World;
let api: TestApi;
beforeAll(async () => {
  world = await World.start({ stripeTimeoutMs: 5_000, time: 'real', relay: true });
  api = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe });
});
afterAll(async () => {
  await api.close();
  await world.close();
});

const addCard = (account: TestAccount, paymentMethod: string, key = account.owner): Promise<Answer> =>
  api.ask('POST', `/v1/accounts/${account.id}/payment-methods`, { key, body: { paymentMethod } });
const prepay = (account: TestAccount, idempotencyKey: string, paymentMethodId?: string): Promise<Answer> =>
  api.ask('POST', `/v1/accounts/${account.id}/prepayments`, {
    key: account.owner,
    body: { amount: '10.00', ...(paymentMethodId !== undefined && { paymentMethodId }) },
    headers: { 'Idempotency-Key': idempotencyKey },
  });
const configure = (account: TestAccount, threshold: string): Promise<Answer> =>
  api.ask('PUT', `/v1/accounts/${account.id}/auto-reload`, {
    key: account.owner,
    body: { threshold, amount: '25.00', acceptTerms: true },
  });
const count = (answers: Answer[], status: number) => answers.filter((answer) => answer.status === status).length;
const inParallel = (tries: number, ask: (index: number) => Promise<Answer>) =>
  Promise.all(Array.from({ length: tries }, (_, index) => ask(index)));

test('P1 of twelve cards tried at once five are declined, the others never reach the provider', async () => {
  const account = await openAccount(api);
  const answers = await inParallel(12, () => addCard(account, 'pm_card_visa_chargeDeclined'));
  expect([count(answers, 402), count(answers, 429)]).toEqual([5, 7]);
  const refused = answers.find(({ status }) => status === 429)!;
  expect(refused.body.code).toBe('rate_limited');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
  // A good card is a try, too: who may not try can't tell good from bad.
  expect((await addCard(account, 'pm_card_visa')).status).toBe(429);
  expect((await addCard(await openAccount(api), 'pm_card_visa')).status).toBe(201);
});

test('P2 declined prepayments count with declined cards; what was answered once is answered again', async () => {
  const account = await openAccount(api);
  expect((await addCard(account, 'pm_card_chargeCustomerFail')).status).toBe(201);
  const answers = [await prepay(account, 'p1'), await prepay(account, 'p2'), await prepay(account, 'p3')];
  answers.push(await addCard(account, 'pm_card_visa_chargeDeclined'));
  expect(answers.map(({ status }) => status)).toEqual([402, 402, 402, 402]);
  expect(await prepay(account, 'p1')).toMatchObject({ status: 402, body: { id: answers[0]!.body.id } });
  expect((await prepay(account, 'p5')).status).toBe(402);
  expect((await prepay(account, 'p6')).body.code).toBe('rate_limited');
  expect(await prepay(account, 'p1')).toMatchObject({ status: 402, body: { id: answers[0]!.body.id } });
  const { data } = (await api.ask('GET', `/v1/accounts/${account.id}/prepayments`, { key: account.owner })).body;
  expect(data).toHaveLength(4);
});

test('P2 a card that pays is no declined one: eight prepayments at once are all paid', async () => {
  const account = await openAccount(api);
  await addCard(account, 'pm_card_visa');
  expect(count(await inParallel(8, (index) => prepay(account, `good-${index}`)), 201)).toBe(8);
});

test('A5 a declined first charge of auto-reload counts as well; a change that charges nothing is never refused so', async () => {
  const account = await openAccount(api);
  await addCard(account, 'pm_card_visa');
  expect((await prepay(account, 'first')).status).toBe(201);
  const bad = await addCard(account, 'pm_card_chargeCustomerFail');
  await api.ask('PATCH', `/v1/accounts/${account.id}/payment-methods/${bad.body.id}`, {
    key: account.owner,
    body: { role: 'primary' },
  });
  for (let tries = 0; tries < 4; tries++) expect((await prepay(account, `bad-${tries}`)).status).toBe(402);
  expect((await configure(account, '10.00')).status).toBe(402);
  expect(await configure(account, '10.00')).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
  expect((await configure(account, '5.00')).status).toBe(200);
});
