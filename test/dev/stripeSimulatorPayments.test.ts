// Customers, payment methods and PaymentIntents, through the real SDK.
import { customerWith, failureOf, newIntent, startHarness, type Harness } from './stripeSimulatorHarness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.simulator.stop());

describe('customers', () => {
  test('a customer comes back as it was created, and its metadata is merged', async () => {
    const { stripe } = harness;
    const created = await stripe.customers.create({
      name: 'Ada',
      email: 'ada@example.com',
      metadata: { account: 'acme', tier: '1' },
    });
    expect(created.id).toMatch(/^cus_/);
    await stripe.customers.update(created.id, { metadata: { tier: '', region: 'eu' } });
    expect(await stripe.customers.retrieve(created.id)).toMatchObject({
      email: 'ada@example.com',
      metadata: { account: 'acme', region: 'eu' },
    });
  });

  test('the default payment method must be attached to the customer', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_visa');
    const updated = await stripe.customers.update(customer, {
      invoice_settings: { default_payment_method: method },
      expand: ['invoice_settings.default_payment_method'],
    });
    expect(updated.invoice_settings.default_payment_method).toMatchObject({ id: method, object: 'payment_method' });
    const other = await stripe.customers.create({});
    const failure = await failureOf(
      stripe.customers.update(other.id, { invoice_settings: { default_payment_method: method } }),
    );
    expect(failure).toMatchObject({ code: 'resource_missing', statusCode: 404 });
  });

  test('a customer that does not exist is a 404 that names it', async () => {
    const failure = await failureOf(harness.stripe.customers.retrieve('cus_nobody'));
    expect(failure).toMatchObject({
      type: 'StripeInvalidRequestError',
      code: 'resource_missing',
      statusCode: 404,
      message: "No such customer: 'cus_nobody'",
    });
    expect(failure.requestId).toMatch(/^req_/);
  });
});

describe('payment methods', () => {
  test('attaching a test id makes a new payment method each time, with the fingerprint of its card', async () => {
    const { stripe } = harness;
    const one = await customerWith(stripe, 'pm_card_visa');
    const two = await customerWith(stripe, 'pm_card_visa');
    const other = await customerWith(stripe, 'pm_card_mastercard');
    expect(one.method).not.toBe(two.method);
    const [first, second, third] = await Promise.all(
      [one, two, other].map(({ method }) => stripe.paymentMethods.retrieve(method)),
    );
    expect(first?.card).toMatchObject({ brand: 'visa', last4: '4242', fingerprint: second?.card?.fingerprint });
    expect(third?.card).toMatchObject({ brand: 'mastercard', last4: '4444' });
    expect(third?.card?.fingerprint).not.toBe(first?.card?.fingerprint);
  });

  test.each([
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', undefined],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', undefined],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', undefined],
  ])('%s is declined when it is attached', async (testMethod, code, declineCode) => {
    const customer = await harness.stripe.customers.create({});
    const failure = await failureOf(harness.stripe.paymentMethods.attach(testMethod, { customer: customer.id }));
    expect(failure).toMatchObject({ type: 'StripeCardError', statusCode: 402, code });
    expect(failure.decline_code).toBe(declineCode ?? ''); // The SDK makes an empty string of an absent code.
    expect((await harness.stripe.customers.listPaymentMethods(customer.id)).data).toEqual([]);
  });

  test('a card is made from a token or a number', async () => {
    const { stripe } = harness;
    const byToken = await stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
    const byNumber = await stripe.paymentMethods.create({
      type: 'card',
      card: { number: '4242424242424242', exp_month: 3, exp_year: 2031, cvc: '123' },
    });
    expect(byNumber.card).toMatchObject({ exp_month: 3, exp_year: 2031, fingerprint: byToken.card?.fingerprint });
    const wrong = await failureOf(
      stripe.paymentMethods.create({
        type: 'card',
        card: { number: '4242424242424241', exp_month: 3, exp_year: 2031 },
      }),
    );
    expect(wrong).toMatchObject({ code: 'incorrect_number', statusCode: 402 });
  });

  test('both lists show what is attached, newest first, until it is detached', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_visa');
    const second = await stripe.paymentMethods.attach('pm_card_amex', { customer });
    const listed = await stripe.customers.listPaymentMethods(customer, { type: 'card' });
    expect(listed.data.map(({ id }) => id)).toEqual([second.id, method]);
    await stripe.paymentMethods.detach(method);
    expect((await stripe.paymentMethods.list({ customer, type: 'card' })).data.map(({ id }) => id)).toEqual([
      second.id,
    ]);
  });

  test('a detached payment method can never be used again', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_visa');
    await stripe.paymentMethods.detach(method);
    const failure = await failureOf(stripe.paymentMethods.attach(method, { customer }));
    expect(failure.message).toContain('It may not be used again');
  });
});

describe('payment intents', () => {
  test('a PaymentIntent is created unpaid, confirmed off session, and paid', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_visa');
    const intent = await newIntent(stripe, customer);
    expect(intent).toMatchObject({
      status: 'requires_payment_method',
      amount: 2_500,
      amount_received: 0,
      latest_charge: null,
    });
    const paid = await stripe.paymentIntents.confirm(intent.id, {
      payment_method: method,
      off_session: true,
      expand: ['latest_charge'],
    });
    expect(paid).toMatchObject({
      status: 'succeeded',
      amount_received: 2_500,
      latest_charge: { object: 'charge', status: 'succeeded', paid: true },
    });
    const receipt = (paid.latest_charge as { receipt_url: string }).receipt_url;
    expect(receipt).toContain(harness.simulator.url);
    expect((await stripe.charges.list({ payment_intent: intent.id })).data).toHaveLength(1);
  });

  test('create and confirm can be one call', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_mastercard');
    const paid = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      customer,
      payment_method: method,
      confirm: true,
      off_session: true,
      allowed_payment_method_types: ['card'],
      metadata: { account: 'acme' },
    });
    expect(paid).toMatchObject({ status: 'succeeded', metadata: { account: 'acme' } });
  });

  test('chargeCustomerFail attaches and then declines every charge, each with a charge of its own', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_chargeCustomerFail');
    const intent = await newIntent(stripe, customer);
    const failure = await failureOf(
      stripe.paymentIntents.confirm(intent.id, { payment_method: method, off_session: true }),
    );
    expect(failure).toMatchObject({
      type: 'StripeCardError',
      statusCode: 402,
      code: 'card_declined',
      decline_code: 'generic_decline',
    });
    expect(failure.payment_intent).toMatchObject({ id: intent.id, status: 'requires_payment_method' });
    const again = await failureOf(
      stripe.paymentIntents.confirm(intent.id, { payment_method: method, off_session: true }),
    );
    expect(again.charge).not.toBe(failure.charge);
    const read = await stripe.paymentIntents.retrieve(intent.id);
    expect(read).toMatchObject({
      status: 'requires_payment_method',
      payment_method: null,
      latest_charge: again.charge,
      last_payment_error: {
        code: 'card_declined',
        decline_code: 'generic_decline',
        charge: again.charge,
        payment_method: { id: method },
      },
    });
  });

  test('a declined PaymentIntent can be paid with another card', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_chargeCustomerFail');
    const backup = await stripe.paymentMethods.attach('pm_card_visa', { customer });
    const intent = await newIntent(stripe, customer);
    await failureOf(stripe.paymentIntents.confirm(intent.id, { payment_method: method, off_session: true }));
    const paid = await stripe.paymentIntents.confirm(intent.id, { payment_method: backup.id, off_session: true });
    expect(paid).toMatchObject({ status: 'succeeded', last_payment_error: null });
    expect((await stripe.charges.list({ payment_intent: intent.id })).data.map(({ status }) => status)).toEqual([
      'succeeded',
      'failed',
    ]);
  });

  test.each([
    ['pm_sim_charge_expired_card', 'expired_card', 'expired_card'],
    ['pm_sim_charge_lost_card', 'card_declined', 'lost_card'],
    ['pm_sim_charge_insufficient_funds', 'card_declined', 'insufficient_funds'],
    ['pm_sim_charge_do_not_honor', 'card_declined', 'do_not_honor'],
  ])('%s attaches and declines when charged', async (testMethod, code, declineCode) => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, testMethod);
    const intent = await newIntent(stripe, customer);
    const failure = await failureOf(
      stripe.paymentIntents.confirm(intent.id, { payment_method: method, off_session: true }),
    );
    expect(failure).toMatchObject({ statusCode: 402, code, decline_code: declineCode });
  });

  test('a canceled PaymentIntent is neither paid nor canceled again', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_visa');
    const intent = await newIntent(stripe, customer);
    const canceled = await stripe.paymentIntents.cancel(intent.id, { cancellation_reason: 'abandoned' });
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned' });
    const late = await failureOf(
      stripe.paymentIntents.confirm(intent.id, { payment_method: method, off_session: true }),
    );
    expect(late).toMatchObject({
      statusCode: 400,
      code: 'payment_intent_unexpected_state',
      payment_intent: { status: 'canceled' },
    });
    expect(await failureOf(stripe.paymentIntents.cancel(intent.id))).toMatchObject({
      code: 'payment_intent_unexpected_state',
    });
  });

  test('a paid PaymentIntent is neither confirmed nor canceled', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_visa');
    const intent = await newIntent(stripe, customer);
    await stripe.paymentIntents.confirm(intent.id, { payment_method: method, off_session: true });
    for (const call of [
      stripe.paymentIntents.cancel(intent.id),
      stripe.paymentIntents.confirm(intent.id, { payment_method: method }),
    ]) {
      expect(await failureOf(call)).toMatchObject({
        code: 'payment_intent_unexpected_state',
        payment_intent: { status: 'succeeded' },
      });
    }
    expect((await stripe.charges.list({ payment_intent: intent.id })).data).toHaveLength(1);
  });

  test('a payment method of another customer is refused', async () => {
    const { stripe } = harness;
    const mine = await customerWith(stripe, 'pm_card_visa');
    const theirs = await customerWith(stripe, 'pm_card_visa');
    const intent = await newIntent(stripe, mine.customer);
    const failure = await failureOf(
      stripe.paymentIntents.confirm(intent.id, { payment_method: theirs.method, off_session: true }),
    );
    expect(failure).toMatchObject({ statusCode: 400, type: 'StripeInvalidRequestError' });
  });

  test('without a return_url only PaymentIntents that never redirect can be confirmed', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_visa');
    const intent = await stripe.paymentIntents.create({ amount: 500, currency: 'usd', customer });
    expect((await failureOf(stripe.paymentIntents.confirm(intent.id, { payment_method: method }))).message).toContain(
      'return_url',
    );
    const never = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      customer,
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    });
    expect(await stripe.paymentIntents.confirm(never.id, { payment_method: method })).toMatchObject({
      status: 'succeeded',
    });
  });

  test('a create-and-confirm that is refused leaves no PaymentIntent, one that is declined does', async () => {
    const { stripe } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_card_chargeCustomerFail');
    const create = (types: object) =>
      stripe.paymentIntents.create({
        amount: 500,
        currency: 'usd',
        customer,
        payment_method: method,
        confirm: true,
        ...types,
      });
    expect(await failureOf(create({}))).toMatchObject({ statusCode: 400, param: 'return_url' });
    expect((await stripe.paymentIntents.list({ customer })).data).toEqual([]);
    expect(await failureOf(create({ allowed_payment_method_types: ['card'] }))).toMatchObject({ statusCode: 402 });
    expect((await stripe.paymentIntents.list({ customer })).data).toMatchObject([
      { status: 'requires_payment_method' },
    ]);
  });

  test('a pending payment is decided later', async () => {
    const { stripe, sim } = harness;
    const { customer, method } = await customerWith(stripe, 'pm_sim_charge_processing');
    const [paid, declined] = [await newIntent(stripe, customer), await newIntent(stripe, customer)];
    for (const { id } of [paid, declined]) {
      expect(await stripe.paymentIntents.confirm(id, { payment_method: method, off_session: true })).toMatchObject({
        status: 'processing',
      });
    }
    await sim(`POST /_sim/payment-intents/${paid.id}/settle`);
    await sim(`POST /_sim/payment-intents/${declined.id}/settle`, { declineCode: 'insufficient_funds' });
    expect(await stripe.paymentIntents.retrieve(paid.id)).toMatchObject({
      status: 'succeeded',
      amount_received: 2_500,
    });
    expect(await stripe.paymentIntents.retrieve(declined.id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { decline_code: 'insufficient_funds' },
    });
  });

  test('lists are newest first and page through starting_after', async () => {
    const { stripe } = harness;
    const { customer } = await customerWith(stripe, 'pm_card_visa');
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.unshift((await newIntent(stripe, customer)).id);
    const page = await stripe.paymentIntents.list({ customer, limit: 2 });
    expect(page).toMatchObject({ has_more: true });
    const all: string[] = [];
    for await (const { id } of stripe.paymentIntents.list({ customer, limit: 2 })) all.push(id);
    expect(all).toEqual(ids);
    expect((await stripe.paymentIntents.list({ customer, created: { lt: 1_000 } })).data).toEqual([]);
    expect((await stripe.paymentIntents.list({ customer, created: { gte: 1_000 } })).data).toHaveLength(5);
  });

  test('bad parameters are refused with the parameter and a code', async () => {
    const { stripe } = harness;
    const bad: [object, object][] = [
      [{ currency: 'usd' }, { code: 'parameter_missing', param: 'amount' }],
      [
        { amount: 12.5, currency: 'usd' },
        { code: 'parameter_invalid_integer', param: 'amount' },
      ],
      [{ amount: 49, currency: 'usd' }, { code: 'amount_too_small' }],
      [
        { amount: 500, currency: 'usd', colour: 'red' },
        { code: 'parameter_unknown', param: 'colour' },
      ],
      [
        { amount: 500, currency: 'usd', expand: ['nothing'] },
        { message: 'This property cannot be expanded (nothing).' },
      ],
      [{ amount: 500, currency: 'usd', off_session: true }, { param: 'off_session' }],
    ];
    for (const [params, error] of bad) {
      expect(await failureOf(stripe.paymentIntents.create(params as never))).toMatchObject({
        statusCode: 400,
        ...error,
      });
    }
  });

  test('a wrong key is a 401', async () => {
    const { url } = harness.simulator;
    const response = await fetch(`${url}/v1/customers`, { headers: { authorization: 'Bearer sk_live_abc' } });
    expect(response.status).toBe(401);
  });
});
