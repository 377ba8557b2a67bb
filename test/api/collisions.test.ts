/**
 * Calls that collide: whatever comes at the same moment, nobody is answered 500, and no two transactions wait in a circle
 * (Postgres ends one of those after a second, which the log and a 503 would tell).
 */
import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { openAccount, putModel, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { times } from '../support/times';
import { World } from '../support/world';

/** A hundred were clean when this was written; these few meet each fault that was found, nearly always. */
const ROUNDS = 6;
/** What is limited in its number an hour is asked for on a new account every few rounds. */
const ROUNDS_PER_ACCOUNT = 3;

let world: World;
let api: TestApi;
const logged: string[] = [];
beforeAll(async () => {
  world = await World.start({ time: 'real', relay: true });
  const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
  api = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe, log });
  await putModel(api);
});
afterAll(async () => {
  await api.close();
  await world.close();
});

type Call = [method: string, path: string, key: string, body?: unknown, idempotencyKey?: string];
const call = ([method, path, key, body, idempotencyKey]: Call): Promise<Answer> =>
  api.ask(method, path, {
    key,
    ...(body !== undefined && { body }),
    ...(idempotencyKey !== undefined && { headers: { 'Idempotency-Key': idempotencyKey } }),
  });
const shuffled = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

/** Makes the calls of each round at the same moment. Returns the answers of 500 and more, and what was logged. */
async function collide(callsOf: (round: number) => Call[] | Promise<Call[]>): Promise<string[]> {
  const wrong = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const calls = shuffled(await callsOf(round));
    logged.length = 0;
    const answers = await Promise.all(calls.map(call));
    for (const [i, { status, body }] of answers.entries())
      if (status >= 500) wrong.add(`${calls[i]![0]} ${calls[i]![1]}: ${status} ${body.code}`);
    for (const line of logged) wrong.add(line);
  }
  return [...wrong];
}

const card = (account: TestAccount, paymentMethod = 'pm_card_visa'): Call => [
  'POST',
  `/v1/accounts/${account.id}/payment-methods`,
  account.owner,
  { paymentMethod },
];
/** An account that serves some rounds, and is then replaced. */
function renewed(open: () => Promise<TestAccount>): (round: number) => Promise<TestAccount> {
  let account: TestAccount;
  return async (round) => (round % ROUNDS_PER_ACCOUNT === 0 ? (account = await open()) : account);
}
const withCard = async (prepaid?: string): Promise<TestAccount> => {
  const account = await openAccount(api);
  await call(card(account));
  if (prepaid) await call(['POST', `/v1/accounts/${account.id}/prepayments`, account.owner, { amount: prepaid }, 'p']);
  return account;
};

test('accounts of one id, and models of one id', async () => {
  const wrong = await collide((round) => {
    const id = `twice-${randomUUID().slice(0, 8)}`;
    const account = { id, name: 'Twice', members: [{ name: 'O', email: 'o@x.example', role: 'owner' }] };
    const price = { from: '2020-01-01T00:00:00Z', outputPerMillion: '2' };
    const model = { provider: 'T', license: 'open', input: ['text'], output: 'text', batch: false };
    return [
      ...times(4, (): Call => ['POST', '/v1/accounts', api.admin, account]),
      ['PATCH', `/v1/accounts/${id}`, api.admin, { name: 'Other' }],
      ['DELETE', `/v1/accounts/${id}`, api.admin],
      ...times(4, (nth): Call => {
        const prices = [{ ...price, inputPerMillion: String(1 + (nth % 2)) }];
        return ['PUT', `/v1/models/same-${round}`, api.admin, { ...model, prices }];
      }),
    ];
  });
  expect(wrong).toEqual([]);
});

test('members and their keys', async () => {
  const accountOf = renewed(() => openAccount(api));
  const wrong = await collide(async (round) => {
    const at = `/v1/accounts/${(await accountOf(round)).id}`;
    const { data } = (await call(['GET', `${at}/members`, api.admin])).body as { data: { id: string; role: string }[] };
    const others = data.filter(({ role }) => role !== 'owner').slice(0, 2);
    const [email, added] = [`n${round}@x.example`, { name: 'M', role: 'member' }];
    return [
      ...[email, email, email.toUpperCase()].map((address): Call => [
        'POST',
        `${at}/members`,
        api.admin,
        { ...added, email: address },
      ]),
      ...others.flatMap(({ id }): Call[] => [
        ['PATCH', `${at}/members/${id}`, api.admin, { email }],
        ['POST', `${at}/keys`, api.admin, { memberId: id }],
      ]),
      ...others.slice(0, 1).map(({ id }): Call => ['DELETE', `${at}/members/${id}`, api.admin]),
    ];
  });
  expect(wrong).toEqual([]);
});

test('payment methods and their roles', async () => {
  const accountOf = renewed(withCard);
  const wrong = await collide(async (round) => {
    const account = await accountOf(round);
    const at = `/v1/accounts/${account.id}/payment-methods`;
    const { data } = (await call(['GET', at, account.owner])).body as { data: { id: string }[] };
    return [
      card(account),
      card(account, 'pm_card_mastercard'),
      ...data.slice(0, 2).flatMap(({ id }): Call[] => [
        ['PATCH', `${at}/${id}`, account.owner, { role: 'primary' }],
        ['PATCH', `${at}/${id}`, account.owner, { role: 'backup' }],
        ['POST', at, account.owner, { paymentMethod: id, role: 'backup' }],
        ['DELETE', `${at}/${id}`, account.owner],
      ]),
    ];
  });
  expect(wrong).toEqual([]);
});

test('holds, usage, adjustments, reversals and suspensions', async () => {
  const accounts = await Promise.all(times(3, () => openAccount(api, '1000.00')));
  const [a, b, c] = accounts as [TestAccount, TestAccount, TestAccount];
  const events = (id: string, of: TestAccount[]) => ({
    events: of.map((account) => ({ id, accountId: account.id, model: 'model', inputTokens: 1_000 })),
  });
  const wrong = await collide(async (round) => {
    const { body: hold } = await call([
      'POST',
      `/v1/accounts/${a.id}/holds`,
      api.service,
      { amount: '0.01' },
      `hold-${round}`,
    ]);
    await call(['POST', '/v1/usage', api.service, events(`reversed-${round}`, [c])]);
    const reversal = { accountId: c.id, eventId: `reversed-${round}`, reason: 'x' };
    return [
      ...times(2, (): Call => ['POST', `/v1/accounts/${a.id}/holds`, api.service, { amount: '0.02' }, `same-${round}`]),
      ...times(2, (): Call => [
        'POST',
        `/v1/accounts/${a.id}/holds/${hold.id}/settle`,
        api.service,
        events(`held-${round}`, [a]),
      ]),
      ['POST', `/v1/accounts/${a.id}/holds/${hold.id}/release`, api.service],
      ['POST', '/v1/usage', api.service, events(`used-${round}`, [a, b, c])],
      ['POST', '/v1/usage', api.service, events(`used-${round}`, [c, b, a])],
      ...['1.00', '1.00', '2.00'].map((amount): Call => [
        'POST',
        `/v1/accounts/${b.id}/adjustments`,
        api.admin,
        { amount, reason: 'x' },
        `${round}`,
      ]),
      ...['same', 'same', 'other'].map((key): Call => [
        'POST',
        '/v1/usage/reversals',
        api.admin,
        reversal,
        `${key}-${round}`,
      ]),
      ['PUT', `/v1/accounts/${c.id}/suspension`, api.admin, { reason: 'x' }],
      ['DELETE', `/v1/accounts/${c.id}/suspension`, api.admin],
    ];
  });
  expect(wrong).toEqual([]);
});

test('prepayments, Checkout and refunds under the same keys', async () => {
  const accountOf = renewed(withCard);
  const wrong = await collide(async (round) => {
    const account = await accountOf(round);
    const at = `/v1/accounts/${account.id}/prepayments`;
    const { body: paid } = await call(['POST', at, account.owner, { amount: '50.00' }, `paid-${round}`]);
    const page = { amount: '5.00', successUrl: 'https://x.example/', cancelUrl: 'https://x.example/' };
    return [
      ...['6.00', '6.00', '7.00'].map((amount): Call => ['POST', at, account.owner, { amount }, `${round}`]),
      ...['page', 'page', ''].map((key): Call => [
        'POST',
        `${at}/checkout`,
        account.owner,
        page,
        key ? `${key}-${round}` : `${round}`,
      ]),
      ...['5.00', '5.00', '6.00'].map((amount): Call => [
        'POST',
        `${at}/${paid.id}/refund`,
        api.admin,
        { amount },
        `refund-${round}`,
      ]),
      ['POST', `${at}/${paid.id}/refund`, api.admin, {}, `rest-${round}`],
    ];
  });
  expect(wrong).toEqual([]);
});

test('settings of auto-reload and suspensions', async () => {
  const account = await withCard('50.00');
  const at = `/v1/accounts/${account.id}`;
  const settings = { threshold: '5.00', acceptTerms: true };
  const wrong = await collide(() => [
    ...['5.00', '6.00', '7.00'].map((amount): Call => [
      'PUT',
      `${at}/auto-reload`,
      account.owner,
      { ...settings, amount },
    ]),
    ['POST', `${at}/auto-reload/pause`, account.owner],
    ['POST', `${at}/auto-reload/resume`, account.owner],
    ['DELETE', `${at}/auto-reload`, account.owner],
    ['PUT', `${at}/suspension`, api.admin, { reason: 'x' }],
    ['DELETE', `${at}/suspension`, api.admin],
  ]);
  expect(wrong).toEqual([]);
});

test('webhook endpoints and dedicated endpoints', async () => {
  const accountOf = renewed(() => openAccount(api));
  const wrong = await collide(async (round) => {
    const { id, owner } = await accountOf(round);
    const [hooks, dedicated] = [`/v1/accounts/${id}/webhook-endpoints`, `/v1/accounts/${id}/dedicated-endpoints`];
    const { body: made } = await call(['POST', hooks, owner, { url: 'https://h.example/', events: ['*'] }]);
    return [
      ...times(3, (): Call => ['POST', `${hooks}/${made.id}/rotate`, owner]),
      ...times(2, (): Call => ['DELETE', `${hooks}/${made.id}`, owner]),
      ['POST', `${hooks}/${made.id}/test`, owner],
      ...times(2, (): Call => ['PUT', `${dedicated}/same`, owner, { model: 'model' }]),
      ['DELETE', `${dedicated}/same`, owner],
      ['PUT', `${dedicated}/n${round}`, owner, { model: 'model' }],
    ];
  });
  expect(wrong).toEqual([]);
});

test('an account that is closed while all kinds of things are begun for it', async () => {
  const wrong = await collide(async (round) => {
    const account = await withCard();
    const at = `/v1/accounts/${account.id}`;
    const event = { id: 'used', accountId: account.id, model: 'model', inputTokens: 1 };
    return [
      ...times(2, (): Call => ['DELETE', `${at}?balance=forfeit&reason=x`, api.admin]),
      ['POST', `${at}/adjustments`, api.admin, { amount: '1.00', reason: 'x' }, 'adjusted'],
      ['POST', `${at}/holds`, api.service, { amount: '0.02' }, 'held'],
      ['POST', `${at}/members`, api.admin, { name: 'M', email: `x${round}@x.example`, role: 'member' }],
      ['POST', `${at}/webhook-endpoints`, account.owner, { url: 'https://h.example/', events: ['*'] }],
      ['PUT', `${at}/dedicated-endpoints/name`, account.owner, { model: 'model' }],
      card(account, 'pm_card_mastercard'),
      ['POST', `${at}/payment-methods/setup`, account.owner, { returnUrl: 'https://x.example/' }],
      ['PUT', `${at}/suspension`, api.admin, { reason: 'x' }],
      ['PATCH', at, api.admin, { name: 'x' }],
      ['POST', '/v1/usage', api.service, { events: [event] }],
    ];
  });
  expect(wrong).toEqual([]);
});
