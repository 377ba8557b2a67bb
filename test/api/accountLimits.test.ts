/** Issues 9.21 and 13.10: what one account can create has a limit, which a deployment sets, and the refusal says how much is used. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Stripe from 'stripe';
import type { StripeSimulator } from '../../dev/stripe/server';
import { accountLimitsOf, readConfig } from '../../domain/config';
import { createStripe } from '../../stripe/client';
import {
  openAccount,
  startTestApi,
  TEST_WEBHOOK_SECRETS,
  type Answer,
  type TestAccount,
  type TestApi,
} from '../support/api';
import { startTestSimulator } from '../support/simulator';
import { times } from '../support/times';

const LIMITS = { members: 4, memberKeys: 6, openHolds: 5, paymentMethods: 3 };
let simulator: StripeSimulator;
let stripe: Stripe;
let api: TestApi;
/** Another process on the same database. */
let other: TestApi;
beforeAll(async () => {
  simulator = await startTestSimulator();
  stripe = createStripe({ secretKey: 'sk_test_limits', apiBase: simulator.url });
  api = await startTestApi({ stripe, accountLimits: LIMITS });
  other = await startTestApi({ stripe, accountLimits: LIMITS, database: api.database });
});
afterAll(async () => {
  await other.close();
  await api.close();
  await simulator.stop();
});

const count = (answers: Answer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length;
const full = (limit: number, what: string) => ({
  status: 409,
  body: { code: 'limit_reached', limit, in_use: limit, detail: expect.stringContaining(`0 to ${limit} ${what}`) },
});

test("13.10 of many keys made at once for an account's members as many are in force as may be", async () => {
  const account = await openAccount(api);
  const path = `/v1/accounts/${account.id}/keys`;
  const { data: members } = (await api.ask('GET', `/v1/accounts/${account.id}/members`, { key: account.owner })).body;
  const make = (nth: number) =>
    [api, other][nth % 2]!.ask('POST', path, { key: account.owner, body: { memberId: members[nth % 3].id } });
  // Each of its three members has one already.
  const answers = await Promise.all(times(12, make));
  expect([count(answers, 201), count(answers, 409)]).toEqual([3, 9]);
  expect(answers.find(({ status }) => status === 409)).toMatchObject(full(6, "members' keys"));

  const revoked = answers.find(({ status }) => status === 201)!.body.id;
  expect((await api.ask('DELETE', `${path}/${revoked}`, { key: account.owner })).status).toBe(204);
  expect([(await make(0)).status, (await make(1)).status]).toEqual([201, 409]);
  const elsewhere = await openAccount(api);
  expect((await make(0)).status).toBe(409);
  expect(
    (
      await api.ask('POST', `/v1/accounts/${elsewhere.id}/keys`, {
        key: api.admin,
        body: { memberId: (await membersOf(elsewhere))[0]!.id },
      })
    ).status,
  ).toBe(201);
});
const membersOf = async ({ id, owner }: TestAccount): Promise<{ id: string }[]> =>
  (await api.ask('GET', `/v1/accounts/${id}/members`, { key: owner })).body.data;

test('13.10 of many holds placed at once as many are open as may be; a repeat is answered, and one that ends makes room', async () => {
  const { id } = await openAccount(api, '100.00');
  const path = `/v1/accounts/${id}/holds`;
  const place = (key: string, nth = 0) =>
    [api, other][nth % 2]!.ask('POST', path, {
      key: api.service,
      body: { amount: '1.00' },
      headers: { 'Idempotency-Key': key },
    });
  const answers = await Promise.all(times(12, (nth) => place(`hold-${nth}`, nth)));
  expect([count(answers, 201), count(answers, 409)]).toEqual([5, 7]);
  expect(answers.find(({ status }) => status === 409)).toMatchObject(full(5, 'open holds'));
  const nth = answers.findIndex(({ status }) => status === 201);
  expect(await place(`hold-${nth}`)).toMatchObject({ status: 201, body: { id: answers[nth]!.body.id } });
  expect((await api.ask('GET', `/v1/accounts/${id}`, { key: api.admin })).body.held).toBe('5.00');

  await api.ask('POST', `${path}/${answers[nth]!.body.id}/release`, { key: api.service });
  expect([(await place('later')).status, (await place('too-late')).status]).toEqual([201, 409]);
});

test('13.10 a payment method beyond the limit is refused before anything is attached at Stripe; one that is saved is not', async () => {
  const account = await openAccount(api);
  const first = await addCard(account, 'pm_card_visa');
  expect([first.status, (await addCard(account)).status, (await addCard(account)).status]).toEqual([201, 201, 201]);
  const customer = await customerOf(account);
  const untouched = (await stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } })).id;
  expect(await addCard(account, untouched)).toMatchObject(full(3, 'payment methods'));
  expect((await stripe.paymentMethods.retrieve(untouched)).customer).toBeNull();
  expect(await setUp(account)).toMatchObject(full(3, 'payment methods'));

  // It takes a role and no room.
  expect(await addCard(account, first.body.id, 'backup')).toMatchObject({ status: 201, body: { role: 'backup' } });
  expect((await remove(account, first.body.id)).status).toBe(204);
  expect([(await setUp(account)).status, (await addCard(account, untouched)).status]).toEqual([201, 201]);
  expect(await attachedTo(customer)).toHaveLength(3);
});

test('13.10 of many payment methods saved at once as many are kept as may be, at Stripe too', async () => {
  const account = await openAccount(api);
  const answers = await Promise.all(times(8, () => addCard(account)));
  expect([count(answers, 201), count(answers, 409)]).toEqual([3, 5]);
  expect(answers.find(({ status }) => status === 409)).toMatchObject(full(3, 'payment methods'));
  const kept = (await methodsOf(account)).map(({ id }) => id).sort();
  expect(kept).toHaveLength(3);
  expect((await attachedTo(await customerOf(account))).sort()).toEqual(kept);
});

test('13.10 a card saved on a page that was opened before the account was full is detached, and the audit log says so', async () => {
  const account = await openAccount(api);
  expect((await setUp(account)).status).toBe(201);
  const session = (await stripe.checkout.sessions.list({ limit: 1 })).data[0]!.id;
  for (const answer of await Promise.all(times(3, () => addCard(account)))) expect(answer.status).toBe(201);
  const submitted = await fetch(`${simulator.url}/_sim/checkout-sessions/${session}/submit`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ paymentMethod: 'pm_card_visa' }),
  });
  expect(submitted.status).toBe(200);
  const customer = await customerOf(account);
  expect(await attachedTo(customer)).toHaveLength(4);

  for (const _ of [1, 2]) expect((await tellOf(session)).status).toBe(200);
  expect(await methodsOf(account)).toHaveLength(3);
  expect(await attachedTo(customer)).toHaveLength(3);
  const { data: audit } = (await api.ask('GET', `/v1/accounts/${account.id}/audit`, { key: account.owner })).body;
  expect(audit.filter(({ action }: { action: string }) => action === 'payment_method.refuse')).toMatchObject([
    { details: { limit: 3 } },
  ]);
});

test('9.21 the limits of members, webhook endpoints and dedicated endpoints say in the same way how much is used', async () => {
  const account = await openAccount(api);
  const member = (nth: number) =>
    api.ask('POST', `/v1/accounts/${account.id}/members`, {
      key: api.admin,
      body: { name: 'M', email: `m${nth}@${account.id}.example`, role: 'member' },
    });
  expect([(await member(1)).status, await member(2)]).toMatchObject([
    201,
    { status: 422, body: { code: 'too_many_members', limit: 4, in_use: 4 } },
  ]);
  const tooMany = times(5, (nth) => ({ name: 'M', email: `m${nth}@x.example`, role: 'owner' }));
  expect(
    await api.ask('POST', '/v1/accounts', { key: api.admin, body: { name: 'Many', members: tooMany } }),
  ).toMatchObject({
    status: 422,
    body: {
      code: 'too_many_members',
      limit: 4,
      in_use: 0,
      requested: 5,
      detail: 'An account may have 1 to 4 members; these are 5.',
    },
  });

  const register = () =>
    api.ask('POST', `/v1/accounts/${account.id}/webhook-endpoints`, {
      key: account.owner,
      body: { url: 'https://hooks.example/', events: ['*'] },
    });
  const endpoints = await Promise.all(times(11, register));
  expect(endpoints.find(({ status }) => status !== 201)).toMatchObject(full(10, 'webhook endpoints'));
});

test('13.10 a deployment sets the limits; without a word they are as docs/limits.md says', () => {
  expect(accountLimitsOf(readConfig({}))).toEqual({
    members: 50,
    memberKeys: 200,
    openHolds: 10_000,
    paymentMethods: 20,
  });
  const own = { MEMBERS_MAX: '5', MEMBER_KEYS_MAX: '6', OPEN_HOLDS_MAX: '7', PAYMENT_METHODS_MAX: '8' };
  expect(accountLimitsOf(readConfig(own))).toEqual({ members: 5, memberKeys: 6, openHolds: 7, paymentMethods: 8 });
  for (const name of Object.keys(own)) expect(() => readConfig({ [name]: '0' })).toThrow(name);

  const docs = readFileSync(join(__dirname, '..', '..', 'docs', 'limits.md'), 'utf8');
  const listed = [...docs.matchAll(/\| [01] to ([\d,]+)[^|]* \| `(\w+_MAX)` \|/g)].map(([, most, name]) => [
    name!,
    Number(most!.replaceAll(',', '')),
  ]);
  const { MEMBERS_MAX, MEMBER_KEYS_MAX, OPEN_HOLDS_MAX, PAYMENT_METHODS_MAX } = readConfig({});
  expect(Object.fromEntries(listed)).toEqual({ MEMBERS_MAX, MEMBER_KEYS_MAX, OPEN_HOLDS_MAX, PAYMENT_METHODS_MAX });
});

let cards = 0;
const addCard = (account: TestAccount, paymentMethod = 'pm_card_visa', role?: string): Promise<Answer> =>
  [api, other][cards++ % 2]!.ask('POST', `/v1/accounts/${account.id}/payment-methods`, {
    key: account.owner,
    body: { paymentMethod, ...(role && { role }) },
  });
const remove = ({ id, owner }: TestAccount, method: string): Promise<Answer> =>
  api.ask('DELETE', `/v1/accounts/${id}/payment-methods/${method}`, { key: owner });
const setUp = ({ id, owner }: TestAccount): Promise<Answer> =>
  api.ask('POST', `/v1/accounts/${id}/payment-methods/setup`, {
    key: owner,
    body: { returnUrl: 'https://console.example/' },
  });
const methodsOf = async ({ id, owner }: TestAccount): Promise<{ id: string }[]> =>
  (await api.ask('GET', `/v1/accounts/${id}/payment-methods`, { key: owner })).body.data;
const customerOf = async ({ id }: TestAccount): Promise<string> =>
  (await api.database.pool.query<{ id: string }>('select stripe_customer_id as id from accounts where id = $1', [id]))
    .rows[0]!.id;
const attachedTo = async (customer: string): Promise<string[]> =>
  (await stripe.customers.listPaymentMethods(customer, { limit: 100 })).data.map(({ id }) => id);

function tellOf(session: string): Promise<Answer> {
  const raw = JSON.stringify({
    id: `evt_${randomUUID()}`,
    object: 'event',
    type: 'checkout.session.completed',
    data: { object: { id: session } },
  });
  const signature = stripe.webhooks.generateTestHeaderString({ payload: raw, secret: TEST_WEBHOOK_SECRETS[0]! });
  return api.ask('POST', '/v1/webhooks/stripe', { raw, headers: { 'Stripe-Signature': signature } });
}
