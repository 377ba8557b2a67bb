/** P5: refunds by an admin: once per key, never more than is left, whatever becomes of the answer. */
import { randomUUID } from 'node:crypto';
import { linesOf, payAtStripe } from '../support/paid';
import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { times } from '../support/times';
import { testsWithSwitches } from '../support/testsWithSwitches';
import { World } from '../support/world';

const testWithSwitches = testsWithSwitches();

let world: World;
let api: TestApi;
beforeAll(async () => {
  world = await World.start({ time: 'real', relay: true });
  api = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe });
});
afterEach(() => world.clearFaults());
afterAll(async () => {
  await api.close();
  await world.close();
});

const refundAt = (path: string, body: object | undefined, key: string): Promise<Answer> =>
  api.ask('POST', path, { key: api.admin, ...(body && { body }), headers: { 'Idempotency-Key': key } });
const lines = (account: TestAccount) => linesOf(world.database.pool, account.id);

/** An account with a prepayment of $25 that Stripe has taken; the ledger has not heard of it. */
async function paid(card?: string): Promise<{
  account: TestAccount;
  intent: string;
  refund: (body: object | undefined, key: string) => Promise<Answer>;
  made: () => Promise<number[]>;
  path: string;
}> {
  const account = await openAccount(api);
  const { id, intent } = await payAtStripe(world.stripe, world.database.pool, account.id, 2_500, card);
  const path = `/v1/accounts/${account.id}/prepayments/${id}/refund`;
  const made = async () =>
    (await world.stripe.refunds.list({ payment_intent: intent, limit: 100 })).data.map(({ amount }) => amount);
  return { account, intent, path, made, refund: (body, key) => refundAt(path, body, key) };
}

test('P5 a refund in part, the rest, and then nothing is left', async () => {
  const { account, refund, made } = await paid();
  const first = await refund({ amount: '10.00' }, 'a');
  expect(first).toMatchObject({ status: 201, body: { id: expect.stringMatching(/^re_/), amount: '10.00' } });
  expect(await refund({ amount: '10' }, 'a')).toMatchObject({ status: 201, body: first.body });
  expect(await refund({ amount: '11.00' }, 'a')).toMatchObject({
    status: 409,
    body: { code: 'idempotency_key_reused' },
  });
  expect(await refund({ amount: '15.01' }, 'b')).toMatchObject({
    status: 422,
    body: { code: 'refund_too_large', detail: expect.stringContaining('$15.00') },
  });
  expect(await refund(undefined, 'c')).toMatchObject({ status: 201, body: { amount: '15.00' } });
  expect(await refund({}, 'c')).toMatchObject({ status: 201, body: { amount: '15.00' } });
  expect(await refund({}, 'd')).toMatchObject({ status: 422, body: { code: 'refund_too_large' } });
  expect(await made()).toEqual([1_500, 1_000]);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -10.00', 'refund -15.00']);
  const audit = await api.ask('GET', `/v1/accounts/${account.id}/audit`, { key: api.admin });
  expect(audit.body.data.filter(({ action }: { action: string }) => action === 'payment.refund')).toHaveLength(2);
});

test('P5 twenty simultaneous refunds never give back more than was paid', async () => {
  const { account, refund, made } = await paid();
  const answers = await Promise.all(times(20, (index) => refund({ amount: '5.00' }, `r${index}`)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
  expect(answers.filter(({ status }) => status === 422)).toHaveLength(15);
  expect(await made()).toEqual([500, 500, 500, 500, 500]);
  expect((await lines(account)).filter((line) => line === 'refund -5.00')).toHaveLength(5);
});

test('P5 twenty simultaneous refunds under one key are one refund and one answer', async () => {
  const { account, refund, made } = await paid();
  const answers = await Promise.all(times(20, () => refund({ amount: '5.00' }, 'same')));
  expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
  expect(answers[0]!.status).toBe(201);
  expect(await made()).toEqual([500]);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -5.00']);
});

testWithSwitches.each([
  'error_500',
  'error_500_after',
  'error_503',
  'error_409',
  'error_429',
  'garbage',
  'timeout_before',
  'timeout_after',
])('P5 %s at Stripe: the same key again makes one refund', async (effect) => {
  const { account, refund, made } = await paid();
  await world.simulate('POST', '/faults', { match: { method: 'POST', path: '^/v1/refunds$' }, times: 1, effect });
  const first = await refund({ amount: '7.00' }, 'k');
  if (first.status !== 201) expect(first).toMatchObject({ status: 503, body: { code: 'payments_unavailable' } });
  expect(await refund({ amount: '7.00' }, 'k')).toMatchObject({ status: 201, body: { amount: '7.00' } });
  expect(await made()).toEqual([700]);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -7.00']);
});

testWithSwitches('P5 what may have been refunded is not given out again, until it is known', async () => {
  const { account, refund, made } = await paid();
  await world.simulate('POST', '/faults', {
    match: { method: 'POST', path: '^/v1/refunds$' },
    times: 1,
    effect: 'error_500',
  });
  expect((await refund({ amount: '20.00' }, 'first')).status).toBe(503);
  expect(await refund({ amount: '6.00' }, 'second')).toMatchObject({ status: 422, body: { code: 'refund_too_large' } });
  expect((await refund({ amount: '5.00' }, 'third')).status).toBe(201);
  expect((await refund({ amount: '20.00' }, 'first')).status).toBe(201);
  expect(await made()).toEqual([2_000, 500]);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -5.00', 'refund -20.00']);
});

testWithSwitches('P5 the answer is lost after the refund was made: Stripe is read, not asked again', async () => {
  const { account, refund, made } = await paid();
  // The look before goes through; the one after the refund, by which it would be found, does not.
  await world.simulate('POST', '/faults', [
    { match: { method: 'POST', path: '^/v1/refunds$' }, times: 1, effect: 'error_500_after' },
    { match: { method: 'GET', path: '^/v1/disputes$' }, times: 1, effect: 'delay', delayMs: 0 },
    { match: { method: 'GET', path: '^/v1/disputes$' }, times: 1, effect: 'error_503' },
  ]);
  expect((await refund({ amount: '7.00' }, 'k')).status).toBe(503);
  expect(await made()).toEqual([700]);
  expect((await refund({ amount: '7.00' }, 'k')).status).toBe(201);
  expect(await made()).toEqual([700]);
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -7.00']);
});

test('P5 a refund that fails at the bank leaves the money in the balance', async () => {
  const { account, refund } = await paid('pm_card_refundFail');
  expect((await refund({ amount: '5.00' }, 'k')).status).toBe(201);
  expect(await lines(account)).toEqual(['prepayment 25.00']);
});

testWithSwitches('P5 what is disputed is not refunded: the provider says why', async () => {
  const { refund } = await paid('pm_card_createDispute');
  expect(await refund({ amount: '5.00' }, 'k')).toMatchObject({ status: 422, body: { code: 'refund_too_large' } });
  const { intent, refund: again } = await paid();
  await world.simulate('POST', '/disputes', { paymentIntent: intent, amount: 1_000 });
  expect(await again({ amount: '5.00' }, 'k')).toMatchObject({ status: 409, body: { code: 'refund_refused' } });
});

test('P5 reloads are refunded by their number', async () => {
  const account = await world.account({ balance: '30.00', autoReload: { threshold: '10.00', amount: '25.00' } });
  await account.use('25.00');
  await account.settle();
  const path = `/v1/accounts/${account.id}/reloads/1/refund`;
  expect(await refundAt(path, { amount: '5.00' }, 'k')).toMatchObject({ status: 201, body: { amount: '5.00' } });
  expect(await account.credits()).toEqual(['adjustment 30.00', 'reload 25.00', 'refund -5.00']);
  const { body } = await api.ask('GET', `/v1/accounts/${account.id}/reloads`, { key: api.admin });
  expect(body.data).toMatchObject([{ number: 1, amount: '25.00', refunded: '5.00' }]);
  expect((await refundAt(`/v1/accounts/${account.id}/reloads/2/refund`, {}, 'k2')).status).toBe(404);
  expect((await refundAt(`/v1/accounts/${account.id}/reloads/x/refund`, {}, 'k2')).status).toBe(400);
  expect(await account.autoReload()).toMatchObject({ status: 'on' });
});

test('P5 amounts that can not be, what is not paid, what is not there', async () => {
  const { account, path, refund, made } = await paid();
  for (const amount of ['0', '-1', '0.00'])
    expect(await refund({ amount }, 'a')).toMatchObject({ status: 422, body: { code: 'out_of_range' } });
  expect(await refund({ amount: '1.005' }, 'a')).toMatchObject({ status: 422, body: { code: 'fraction_of_a_cent' } });
  for (const amount of ['ten', '', 5, null]) expect((await refund({ amount }, 'a')).status).toBe(400);
  expect(await refund({ amount: '25.01' }, 'a')).toMatchObject({ status: 422, body: { code: 'refund_too_large' } });
  expect(await api.ask('POST', path, { key: api.admin, body: {} })).toMatchObject({
    status: 400,
    body: { code: 'idempotency_key_required' },
  });
  expect((await refundAt(`/v1/accounts/${account.id}/prepayments/${randomUUID()}/refund`, {}, 'a')).status).toBe(404);
  const other = await openAccount(api);
  expect((await refundAt(path.replace(account.id, other.id), {}, 'a')).status).toBe(404);
  const unpaid = randomUUID();
  await world.database.pool.query(
    `insert into payments (id, account_id, purpose, amount_cents, actor) values ($1, $2, 'prepayment', 500, 'test')`,
    [unpaid, account.id],
  );
  expect(await refundAt(`/v1/accounts/${account.id}/prepayments/${unpaid}/refund`, {}, 'b')).toMatchObject({
    status: 409,
    body: { code: 'payment_not_paid' },
  });
  expect(await made()).toEqual([]);
});
