// 3-D Secure, setup, Checkout and the hosted pages.
import type Stripe from 'stripe';
import { customerWith, failureOf, newIntent, startHarness, type Harness } from './stripeSimulatorHarness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.simulator.stop());

/** Submits a form of a hosted page and gives where the browser is sent, or the page that is shown. */
async function post(
  url: string,
  fields: Record<string, string>,
): Promise<{ status: number; location: string | null; html: string }> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  return { status: response.status, location: response.headers.get('location'), html: await response.text() };
}

const secretOf = (url: string): string => new URL(url).searchParams.get('client_secret') ?? '';

describe('a card that asks for confirmation', () => {
  test('is declined off session, with a charge, and can be confirmed afterwards', async () => {
    const { stripe, sim } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_authenticationRequired');
    const intent = await newIntent(stripe, customer);
    const failure = await failureOf(
      stripe.paymentIntents.confirm(intent.id, { payment_method: method, off_session: true }),
    );
    expect(failure).toMatchObject({
      statusCode: 402,
      code: 'authentication_required',
      decline_code: 'authentication_required',
    });
    expect(failure.charge).toMatch(/^ch_/);
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'authentication_required', payment_method: { id: method } },
    });
    await sim(`POST /_sim/payment-intents/${intent.id}/confirm-by-owner`, { success: true });
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'succeeded',
      amount_received: 2_500,
    });
  });

  test('on session leads to a page, and from there back with the result', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_authenticationRequired');
    const intent = await newIntent(stripe, customer);
    const waiting = await stripe.paymentIntents.confirm(intent.id, {
      payment_method: method,
      return_url: 'https://ballast.test/back?x=1',
    });
    expect(waiting).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } });
    const url = waiting.next_action?.redirect_to_url?.url as string;
    expect(await (await fetch(url)).text()).toContain('$25.00');
    const { location } = await post(url, { answer: 'approve', client_secret: secretOf(url) });
    expect(location).toMatch(
      new RegExp(`^https://ballast.test/back\\?x=1&payment_intent=${intent.id}&.*redirect_status=succeeded`),
    );
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({ status: 'succeeded', next_action: null });
  });

  test('refused by its owner leaves the payment open for another method', async () => {
    const { stripe, sim } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_authenticationRequired');
    const intent = await newIntent(stripe, customer);
    const waiting = await stripe.paymentIntents.confirm(intent.id, { payment_method: method });
    expect(waiting.next_action?.type).toBe('use_stripe_sdk');
    const refused = await sim(`POST /_sim/payment-intents/${intent.id}/confirm-by-owner`, { success: false });
    expect(refused).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'payment_intent_authentication_failure' },
    });
    await expect(sim(`POST /_sim/payment-intents/${intent.id}/confirm-by-owner`, { success: true })).rejects.toThrow(
      '400',
    );
  });

  test('cannot be confirmed by who knows its id only', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_authenticationRequired');
    const intent = await newIntent(stripe, customer);
    await stripe.paymentIntents.confirm(intent.id, { payment_method: method });
    expect((await post(`${harness.simulator.url}/confirm/${intent.id}`, { answer: 'approve' })).status).toBe(404);
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({ status: 'requires_action' });
  });

  test('authenticationRequiredOnSetup pays off session once it was set up', async () => {
    const { stripe, sim } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_authenticationRequiredOnSetup');
    const confirm = async () =>
      stripe.paymentIntents.confirm((await newIntent(stripe, customer)).id, {
        payment_method: method,
        off_session: true,
      });
    expect(await failureOf(confirm())).toMatchObject({ code: 'authentication_required' });
    const setup = await stripe.setupIntents.create({ customer, payment_method: method, confirm: true });
    expect(setup).toMatchObject({ status: 'requires_action' });
    expect(await sim(`POST /_sim/setup-intents/${setup.id}/confirm-by-owner`, { success: true })).toMatchObject({
      status: 'succeeded',
    });
    expect(await confirm()).toMatchObject({ status: 'succeeded' });
  });

  test('a saved card can be told to behave otherwise from now on', async () => {
    const { stripe, sim } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_visa');
    const confirm = async () =>
      stripe.paymentIntents.confirm((await newIntent(stripe, customer)).id, {
        payment_method: method,
        off_session: true,
      });
    expect(await confirm()).toMatchObject({ status: 'succeeded' });
    await sim(`POST /_sim/payment-methods/${method}/behavior`, { chargeDecline: 'stolen_card' });
    expect(await failureOf(confirm())).toMatchObject({ decline_code: 'stolen_card' });
    await sim(`POST /_sim/payment-methods/${method}/behavior`, { chargeDecline: null });
    expect(await confirm()).toMatchObject({ status: 'succeeded' });
  });
});

describe('Checkout', () => {
  const paymentParams = (customer: string): Stripe.Checkout.SessionCreateParams => ({
    mode: 'payment',
    customer,
    success_url: 'https://ballast.test/done?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://ballast.test/no',
    line_items: [
      { quantity: 1, price_data: { currency: 'usd', unit_amount: 4_000, product_data: { name: 'Prepaid <balance>' } } },
    ],
    metadata: { prepayment: 'p1' },
    payment_intent_data: { metadata: { prepayment: 'p1' }, setup_future_usage: 'off_session' },
  });

  async function open(): Promise<{ customer: string; session: Stripe.Checkout.Session; url: string }> {
    const { id: customer } = await harness.stripe.customers.create({ email: 'ada@example.com' });
    const session = await harness.stripe.checkout.sessions.create(paymentParams(customer));
    return { customer, session, url: session.url as string };
  }

  test('a payment is made on the hosted page and the card is saved', async () => {
    const { stripe } = harness;
    const { customer, session, url } = await open();
    expect(session).toMatchObject({
      status: 'open',
      payment_status: 'unpaid',
      payment_intent: null,
      amount_total: 4_000,
    });
    const html = await (await fetch(url)).text();
    expect(html).toContain('$40.00');
    expect(html).toContain('Prepaid &lt;balance&gt;');
    const { location } = await post(url, { payment_method: 'pm_card_mastercard' });
    expect(location).toBe(`https://ballast.test/done?session=${session.id}`);
    const done = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['payment_intent.latest_charge', 'line_items'],
    });
    expect(done).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      customer_details: { email: 'ada@example.com' },
      payment_intent: { status: 'succeeded', metadata: { prepayment: 'p1' }, latest_charge: { amount: 4_000 } },
      line_items: { data: [{ amount_total: 4_000 }] },
    });
    expect((await stripe.customers.listPaymentMethods(customer)).data).toMatchObject([{ card: { last4: '4444' } }]);
    expect((await fetch(url)).status).toBe(410);
  });

  test('a third-party provider pays and saves nothing', async () => {
    const { customer, session, url } = await open();
    expect((await post(url, { provider: '1' })).location).toContain(session.id);
    expect(await harness.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ payment_status: 'paid' });
    expect((await harness.stripe.customers.listPaymentMethods(customer)).data).toEqual([]);
  });

  test('a declined card is said so, and another one pays the same PaymentIntent', async () => {
    const { session, url } = await open();
    const declined = await post(url, { payment_method: 'pm_card_visa_chargeDeclinedInsufficientFunds' });
    expect(declined.status).toBe(402);
    expect(declined.html).toContain('Your card has insufficient funds.');
    const { payment_intent: first } = await harness.stripe.checkout.sessions.retrieve(session.id);
    await post(url, { payment_method: 'pm_card_visa' });
    expect(await harness.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      payment_status: 'paid',
      payment_intent: first,
    });
  });

  test('a card that asks for confirmation completes the session after it', async () => {
    const { session, url } = await open();
    const { location } = await post(url, { payment_method: 'pm_card_authenticationRequired' });
    const confirmUrl = location as string;
    expect(await harness.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'open',
      payment_status: 'unpaid',
    });
    expect((await post(confirmUrl, { answer: 'approve', client_secret: secretOf(confirmUrl) })).location).toContain(
      session.id,
    );
    expect(await harness.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
    });
  });

  test('an expired session takes no payment', async () => {
    const { session, url } = await open();
    expect(await harness.stripe.checkout.sessions.expire(session.id)).toMatchObject({ status: 'expired', url: null });
    expect((await post(url, { payment_method: 'pm_card_visa' })).status).toBe(400);
    expect(await failureOf(harness.stripe.checkout.sessions.expire(session.id))).toMatchObject({ statusCode: 400 });
  });

  test('setup saves the card that was chosen, and a declined one not', async () => {
    const { stripe } = harness;
    const { id: customer } = await stripe.customers.create({});
    const session = await stripe.checkout.sessions.create({
      mode: 'setup',
      currency: 'usd',
      customer,
      success_url: 'https://ballast.test/saved?s={CHECKOUT_SESSION_ID}',
    });
    const url = session.url as string;
    expect(await (await fetch(url)).text()).toContain('Save a card');
    expect((await post(url, { payment_method: 'pm_card_visa_chargeDeclined' })).html).toContain(
      'Your card was declined.',
    );
    expect((await post(url, { payment_method: 'pm_card_amex' })).location).toBe(
      `https://ballast.test/saved?s=${session.id}`,
    );
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['setup_intent.payment_method'] });
    expect(done).toMatchObject({
      status: 'complete',
      setup_intent: { status: 'succeeded', payment_method: { customer, card: { brand: 'amex' } } },
    });
  });

  test('a test can submit the page without a browser', async () => {
    const { session } = await open();
    const step = await harness.sim(`POST /_sim/checkout-sessions/${session.id}/submit`, {
      paymentMethod: 'pm_card_visa',
    });
    expect(step).toMatchObject({ kind: 'done', session: { payment_status: 'paid' } });
  });
});

test('the front page lists payments, with a link where the owner is waited for', async () => {
  const { stripe } = harness;
  const { customer, method } = await customerWith(stripe, 'pm_card_authenticationRequired');
  const intent = await newIntent(stripe, customer, 1_234);
  await failureOf(stripe.paymentIntents.confirm(intent.id, { payment_method: method, off_session: true }));
  const html = await (await fetch(harness.simulator.url)).text();
  expect(html).toContain('$12.34');
  expect(html).toContain(`/confirm/${intent.id}?client_secret=`);
});

test('a receipt is a page', async () => {
  const { stripe } = harness;
  const { customer, method } = await customerWith(stripe, 'pm_card_visa');
  const intent = await newIntent(stripe, customer);
  const paid = await stripe.paymentIntents.confirm(intent.id, {
    payment_method: method,
    off_session: true,
    expand: ['latest_charge'],
  });
  const html = await (await fetch((paid.latest_charge as Stripe.Charge).receipt_url as string)).text();
  expect(html).toContain('$25.00');
  expect(html).toContain('visa 4242');
});
