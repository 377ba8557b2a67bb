// Events and their signed delivery.
import { setTimeout as sleep } from 'node:timers/promises';
import Stripe from 'stripe';
import { OwedEvents } from '../../dev/stripe/owedEvents';
import { until } from '../support/notices';
import { customerWith, failureOf, newIntent, startHarness, type Harness } from './stripeSimulatorHarness';
import { startReceiver, WEBHOOK_SECRET, type Receiver } from './stripeSimulatorReceiver';

let harness: Harness;
let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
  harness = await startHarness({ webhook: { url: receiver.url, secret: WEBHOOK_SECRET } });
});
afterEach(async () => {
  await harness.simulator.stop();
  await receiver.stop();
});

async function pay(testMethod: string): Promise<{ intent: string; charge: string }> {
  const { customer, method } = await customerWith(harness.stripe, testMethod);
  const { id } = await newIntent(harness.stripe, customer);
  const paid = await harness.stripe.paymentIntents.confirm(id, { payment_method: method, off_session: true });
  return { intent: id, charge: paid.latest_charge as string };
}

/** What has arrived is taken off the list a moment later. */
const untilNoneIsOwed = () =>
  until(
    () => harness.sim('GET /_sim/webhooks'),
    ({ owed }) => owed === 0,
  );

const typesOf = (events: Stripe.Event[]): string[] => events.map(({ type }) => type).sort();

/** The types of all events there are, oldest first. */
const happened = async (): Promise<string[]> =>
  (await harness.stripe.events.list({ limit: 100 })).data.map(({ type }) => type).reverse();

test('a payment sends its events, signed so that the SDK takes them', async () => {
  const { intent } = await pay('pm_card_visa');
  const events = await receiver.arrived(5);
  expect(typesOf(events)).toEqual([
    'charge.succeeded',
    'customer.created',
    'payment_intent.created',
    'payment_intent.succeeded',
    'payment_method.attached',
  ]);
  const succeeded = events.find(({ type }) => type === 'payment_intent.succeeded');
  expect(succeeded).toMatchObject({
    object: 'event',
    api_version: Stripe.API_VERSION,
    livemode: false,
    data: { object: { id: intent, status: 'succeeded', amount_received: 2_500 } },
  });
  expect(succeeded?.request?.id).toMatch(/^req_/);
});

test('a simulator that owes no event asks Postgres for none', async () => {
  await pay('pm_card_visa');
  await receiver.arrived(5);
  const claims = jest.spyOn(OwedEvents.prototype, 'claim');
  // Time for the last of the five to be taken off; a simulator that went round all the time would ask hundreds of times.
  await sleep(300);
  expect(claims.mock.calls.length).toBeLessThanOrEqual(5);
  claims.mockRestore();
});

test('a decline, a confirmation and a cancellation have their own events', async () => {
  const { stripe } = harness;
  await failureOf(pay('pm_card_chargeCustomerFail'));
  const { customer, method } = await customerWith(stripe, 'pm_card_authenticationRequired');
  const waiting = await newIntent(stripe, customer);
  await stripe.paymentIntents.confirm(waiting.id, { payment_method: method });
  await stripe.paymentIntents.cancel(waiting.id);
  await stripe.paymentMethods.detach(method);
  expect(await happened()).toEqual([
    'customer.created',
    'payment_method.attached',
    'payment_intent.created',
    'charge.failed',
    'payment_intent.payment_failed',
    'customer.created',
    'payment_method.attached',
    'payment_intent.created',
    'payment_intent.requires_action',
    'payment_intent.canceled',
    'payment_method.detached',
  ]);
});

test('refunds and disputes have their own events', async () => {
  const { stripe, sim } = harness;
  const { intent } = await pay('pm_card_visa');
  const refund = await stripe.refunds.create({ payment_intent: intent, amount: 500 });
  await sim(`POST /_sim/refunds/${refund.id}/fail`);
  const { charge } = await pay('pm_card_createDispute');
  const [dispute] = (await stripe.disputes.list({ charge })).data;
  await stripe.disputes.update(dispute?.id as string, { evidence: { uncategorized_text: 'winning_evidence' } });
  const types = await happened();
  expect(types.filter((type) => type.includes('refund'))).toEqual([
    'refund.created',
    'charge.refunded',
    'refund.updated',
    'charge.refund.updated',
    'refund.failed',
  ]);
  expect(types.filter((type) => type.includes('dispute'))).toEqual([
    'charge.dispute.created',
    'charge.dispute.funds_withdrawn',
    'charge.dispute.updated',
    'charge.dispute.closed',
    'charge.dispute.funds_reinstated',
  ]);
});

test('Checkout and setup have their own events', async () => {
  const { stripe, sim } = harness;
  const { id: customer } = await stripe.customers.create({});
  const saved = await stripe.checkout.sessions.create({
    mode: 'setup',
    currency: 'usd',
    customer,
    success_url: 'https://ballast.test/',
  });
  await sim(`POST /_sim/checkout-sessions/${saved.id}/submit`, { paymentMethod: 'pm_card_visa' });
  const unused = await stripe.checkout.sessions.create({
    mode: 'setup',
    currency: 'usd',
    customer,
    success_url: 'https://ballast.test/',
  });
  await stripe.checkout.sessions.expire(unused.id);
  const types = await happened();
  for (const type of [
    'setup_intent.created',
    'setup_intent.succeeded',
    'payment_method.attached',
    'checkout.session.completed',
    'checkout.session.expired',
  ]) {
    expect(types).toContain(type);
  }
});

test('a refused event is sent again, later each time, under the same id', async () => {
  receiver.answer(500);
  await harness.stripe.customers.create({});
  await receiver.arrived(3);
  receiver.answer(200);
  const events = await receiver.arrived(4);
  expect(new Set(events.map(({ id }) => id)).size).toBe(1);
  await untilNoneIsOwed();
});

test('delivery can be paused and resumed', async () => {
  await harness.sim('POST /_sim/webhooks', { paused: true });
  await harness.stripe.customers.create({});
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(receiver.events).toEqual([]);
  expect(await harness.sim('GET /_sim/webhooks')).toMatchObject({ paused: true, owed: 1 });
  await harness.sim('POST /_sim/webhooks', { paused: false });
  await receiver.arrived(1);
});

test('events can be sent several times and in another order', async () => {
  await harness.sim('POST /_sim/webhooks', { copies: 3, reorder: true, paused: true });
  await pay('pm_card_visa');
  await harness.sim('POST /_sim/webhooks', { paused: false });
  const events = await receiver.arrived(15);
  expect(new Set(events.map(({ id }) => id)).size).toBe(5);
  expect(events[0]?.type).not.toBe('customer.created');
});

test('an event can be sent once more, long after', async () => {
  await harness.stripe.customers.create({});
  const [first] = await receiver.arrived(1);
  await harness.sim('POST /_sim/webhooks/resend', { event: first?.id });
  expect((await receiver.arrived(2))[1]?.id).toBe(first?.id);
});

test('the endpoint can be set at run time', async () => {
  const other = await startReceiver();
  await harness.sim('POST /_sim/webhooks/url', { url: other.url, secret: WEBHOOK_SECRET });
  await harness.stripe.customers.create({});
  await other.arrived(1);
  expect(receiver.events).toEqual([]);
  await harness.sim('POST /_sim/webhooks/url', { url: null });
  await harness.stripe.customers.create({});
  expect(await harness.sim('GET /_sim/webhooks')).toMatchObject({ url: null });
  await untilNoneIsOwed();
  await other.stop();
});

test('events are listed newest first, by type and time, page by page', async () => {
  const { stripe } = harness;
  const { intent } = await pay('pm_card_visa');
  await pay('pm_card_visa');
  const paid = await stripe.events.list({ types: ['payment_intent.succeeded', 'charge.refunded'] });
  expect(paid.data).toHaveLength(2);
  expect(paid.data[1]).toMatchObject({ data: { object: { id: intent } } });
  expect((await stripe.events.list({ type: 'payment_intent.created' })).data).toHaveLength(2);
  expect((await stripe.events.list({ type: 'charge.*' })).data).toHaveLength(2);
  const all: string[] = [];
  for await (const { id } of stripe.events.list({ limit: 3, created: { gte: Math.floor(Date.now() / 1_000) - 60 } }))
    all.push(id);
  expect(all).toHaveLength(10);
  expect((await stripe.events.list({ created: { lt: 1_000 } })).data).toEqual([]);
  expect(await stripe.events.retrieve(all[0] as string)).toMatchObject({ id: all[0] });
});

test('an updated object says what it was', async () => {
  const { stripe } = harness;
  const { id } = await stripe.customers.create({ name: 'Ada' });
  await stripe.customers.update(id, { name: 'Grace' });
  const [updated] = (await stripe.events.list({ type: 'customer.updated' })).data;
  expect(updated?.data).toMatchObject({ object: { name: 'Grace' }, previous_attributes: { name: 'Ada' } });
});

test('a reset leaves nothing', async () => {
  await pay('pm_card_visa');
  await harness.sim('POST /_sim/reset');
  expect((await harness.stripe.events.list()).data).toEqual([]);
  expect(await harness.sim('GET /_sim/charges')).toEqual([]);
  expect(await harness.sim('GET /_sim/requests?path=/v1/customers')).toEqual([]);
});
