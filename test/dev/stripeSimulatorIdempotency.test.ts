// Idempotency keys, faults and the request log, through the real SDK.
import type Stripe from 'stripe';
import { until } from '../support/notices';
import { customerWith, failureOf, newIntent, startHarness, stripeFor, type Harness } from './stripeSimulatorHarness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterEach(() => harness.sim('DELETE /_sim/faults'));
afterAll(() => harness.simulator.stop());

type Logged = {
  path: string;
  status: number | null;
  replayed: boolean;
  fault: string | null;
  idempotencyKey: string | null;
};
const confirms = (id: string) => harness.sim<Logged[]>(`GET /_sim/requests?path=${id}/confirm`);

async function payable() {
  const { customer, method } = await customerWith(harness.stripe, 'pm_card_visa');
  const intent = await newIntent(harness.stripe, customer);
  const confirm = (idempotencyKey?: string) =>
    harness.stripe.paymentIntents.confirm(
      intent.id,
      { payment_method: method, off_session: true },
      idempotencyKey === undefined ? {} : { idempotencyKey },
    );
  const charges = async () => (await harness.stripe.charges.list({ payment_intent: intent.id })).data;
  return { customer, method, intent, confirm, charges };
}

describe('idempotency keys', () => {
  test('the same key gives the same answer, and the work is done once', async () => {
    const { customer } = await payable();
    const first = await newIntent(harness.stripe, customer, 2_500, 'once');
    const second = await newIntent(harness.stripe, customer, 2_500, 'once');
    expect(second.id).toBe(first.id);
    expect(second.lastResponse.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'original-request': first.lastResponse.requestId,
    });
    expect(first.lastResponse.headers).not.toHaveProperty('idempotent-replayed');
  });

  test('a decline is given again too', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_chargeCustomerFail');
    const intent = await newIntent(stripe, customer);
    const confirm = () =>
      stripe.paymentIntents.confirm(
        intent.id,
        { payment_method: method, off_session: true },
        { idempotencyKey: `declined-${intent.id}` },
      );
    const [first, second] = [await failureOf(confirm()), await failureOf(confirm())];
    expect(second.charge).toBe(first.charge);
    expect((await stripe.charges.list({ payment_intent: intent.id })).data).toHaveLength(1);
  });

  test('the same key for other parameters or another endpoint is refused', async () => {
    const { customer } = await payable();
    await newIntent(harness.stripe, customer, 2_500, 'reused');
    expect(await failureOf(newIntent(harness.stripe, customer, 2_600, 'reused'))).toMatchObject({
      type: 'StripeIdempotencyError',
      statusCode: 400,
    });
    expect(await failureOf(harness.stripe.customers.create({}, { idempotencyKey: 'reused' }))).toMatchObject({
      type: 'StripeIdempotencyError',
      statusCode: 400,
    });
  });

  test('a failed validation leaves the key free', async () => {
    const { customer } = await payable();
    expect(await failureOf(newIntent(harness.stripe, customer, 10, 'corrected'))).toMatchObject({
      code: 'amount_too_small',
    });
    expect(await newIntent(harness.stripe, customer, 2_500, 'corrected')).toMatchObject({ amount: 2_500 });
  });

  test('while one request works under a key, another with that key is a 409', async () => {
    const { intent, confirm, charges } = await payable();
    await harness.sim('POST /_sim/faults', {
      match: { path: `${intent.id}/confirm$` },
      times: 1,
      effect: 'delay',
      delayMs: 1_500,
    });
    const slow = confirm('at-once');
    await until(
      () => confirms(intent.id),
      ([first]) => first?.fault === 'delay',
    );
    expect(await failureOf(confirm('at-once'))).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    expect(await slow).toMatchObject({ status: 'succeeded' });
    expect(await charges()).toHaveLength(1);
  });

  test('twenty at once with one key make one charge', async () => {
    const { confirm, charges } = await payable();
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => confirm('twenty')));
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    expect(await confirm('twenty')).toMatchObject({ status: 'succeeded' });
    expect(await charges()).toHaveLength(1);
  });
});

describe('faults', () => {
  test('error_500 is kept under its key, so that only another key gets through', async () => {
    const { intent, confirm, charges } = await payable();
    await harness.sim('POST /_sim/faults', {
      match: { method: 'POST', path: `${intent.id}/confirm$` },
      times: 1,
      effect: 'error_500',
    });
    expect(await failureOf(confirm('a'))).toMatchObject({ statusCode: 500, type: 'StripeAPIError' });
    expect(await failureOf(confirm('a'))).toMatchObject({ statusCode: 500 });
    expect(await charges()).toHaveLength(0);
    expect(await confirm('b')).toMatchObject({ status: 'succeeded' });
    expect((await confirms(intent.id)).map(({ status, replayed, fault }) => [status, replayed, fault])).toEqual([
      [500, false, 'error_500'],
      [500, true, null],
      [200, false, null],
    ]);
  });

  test('error_500_after charges and says it failed', async () => {
    const { intent, confirm, charges } = await payable();
    await harness.sim('POST /_sim/faults', {
      match: { path: `${intent.id}/confirm$` },
      times: 1,
      effect: 'error_500_after',
    });
    expect(await failureOf(confirm('c'))).toMatchObject({ statusCode: 500 });
    expect(await charges()).toMatchObject([{ status: 'succeeded' }]);
    expect(await failureOf(confirm('c'))).toMatchObject({ statusCode: 500 });
    expect(await harness.stripe.paymentIntents.retrieve(intent.id)).toMatchObject({ status: 'succeeded' });
  });

  test.each([
    ['timeout_before', 0],
    ['reset_before', 0],
    ['timeout_after', 1],
    ['reset_after', 1],
    ['garbage', 1],
  ])('%s loses the answer after %i charges', async (effect, charged) => {
    const { intent, method, charges } = await payable();
    const impatient = stripeFor(harness.simulator.port, { timeout: 150 });
    // The SDK repeats a request once whose connection was closed, whatever its retries are set to.
    await harness.sim('POST /_sim/faults', { match: { path: `${intent.id}/confirm$` }, times: 2, effect });
    const failure = await failureOf(
      impatient.paymentIntents.confirm(intent.id, { payment_method: method }, { idempotencyKey: `lost-${effect}` }),
    );
    expect(['StripeConnectionError', 'StripeAPIError']).toContain(failure.type);
    // A charge may still be under way when its answer is given up.
    await until(charges, ({ length }) => length >= charged);
    expect(await charges()).toHaveLength(charged);
  });

  test('after timeout_after the same key gives the answer that was lost', async () => {
    const { intent, method, charges } = await payable();
    const impatient = stripeFor(harness.simulator.port, { timeout: 100 });
    await harness.sim('POST /_sim/faults', {
      match: { path: `${intent.id}/confirm$` },
      times: 1,
      effect: 'timeout_after',
    });
    const confirm = (stripe: Stripe) =>
      stripe.paymentIntents.confirm(
        intent.id,
        { payment_method: method, off_session: true },
        { idempotencyKey: 'found-again' },
      );
    await failureOf(confirm(impatient));
    // The first may still be under way: then its key is in use.
    const found = await until(
      () => confirm(stripeFor(harness.simulator.port)).catch(() => null),
      (answer) => answer !== null,
    );
    expect(found!.lastResponse.headers).toHaveProperty('idempotent-replayed', 'true');
    expect(await charges()).toHaveLength(1);
  });

  test.each([
    ['error_409', 409, 'StripeAPIError'],
    ['error_429', 429, 'StripeRateLimitError'],
    ['error_503', 503, 'StripeAPIError'],
  ])('%s leaves the key free', async (effect, status, type) => {
    const { intent, confirm } = await payable();
    await harness.sim('POST /_sim/faults', { match: { path: `${intent.id}/confirm$` }, times: 1, effect });
    expect(await failureOf(confirm(`free-${effect}`))).toMatchObject({ statusCode: status, type });
    expect(await confirm(`free-${effect}`)).toMatchObject({ status: 'succeeded' });
  });

  test('a rule can match a customer or a payment method only', async () => {
    const [hit, spared] = [await payable(), await payable()];
    await harness.sim('POST /_sim/faults', [
      { match: { customer: hit.customer, path: '/confirm$' }, times: 1, effect: 'error_503' },
      { match: { paymentMethod: hit.method, path: '/confirm$' }, times: 1, effect: 'error_429' },
    ]);
    expect(await spared.confirm()).toMatchObject({ status: 'succeeded' });
    expect((await failureOf(hit.confirm())).statusCode).toBe(503);
    expect((await failureOf(hit.confirm())).statusCode).toBe(429);
    expect(await hit.confirm()).toMatchObject({ status: 'succeeded' });
    expect(await harness.sim<object[]>('GET /_sim/faults')).toMatchObject([{ hits: 1 }, { hits: 1 }]);
  });

  test('a rule that makes no sense is refused', async () => {
    await expect(harness.sim('POST /_sim/faults', { effect: 'explode' })).rejects.toThrow('400');
    await expect(harness.sim('POST /_sim/faults', { effect: 'delay', match: { path: '(' } })).rejects.toThrow(
      'not a regular expression',
    );
  });
});
