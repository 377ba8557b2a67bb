// Starts simulators for tests and speaks to them: through the real SDK, and to their switches.
import Stripe from 'stripe';
import type { StripeSimulator, StripeSimulatorOptions } from '../../dev/stripe/server';
import { startTestSimulator } from '../support/simulator';

export type Harness = {
  simulator: StripeSimulator;
  stripe: Stripe;
  /** Calls a switch: `sim('POST /_sim/faults', {...})`. */
  sim: <T = Record<string, unknown>>(call: string, body?: unknown) => Promise<T>;
};

/** No retries, so that a test sees each answer. */
export function stripeFor(port: number, config: Partial<ConstructorParameters<typeof Stripe>[1]> = {}): Stripe {
  return new Stripe('sk_test_ballast', {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout: 20_000,
    telemetry: false,
    ...config,
  });
}

export function simFor(url: string): Harness['sim'] {
  return async <T>(call: string, body?: unknown) => {
    const [method, path] = call.split(' ') as [string, string];
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${call}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
}

export async function startHarness(options: Partial<StripeSimulatorOptions> = {}): Promise<Harness> {
  const simulator = await startTestSimulator(options);
  return { simulator, stripe: stripeFor(simulator.port), sim: simFor(simulator.url) };
}

/** A customer with one attached card. */
export async function customerWith(stripe: Stripe, testMethod: string): Promise<{ customer: string; method: string }> {
  const customer = await stripe.customers.create({ name: 'Ada' });
  const method = await stripe.paymentMethods.attach(testMethod, { customer: customer.id });
  return { customer: customer.id, method: method.id };
}

/** An unconfirmed PaymentIntent of a customer, for cards only, as Ballast makes them. */
export function newIntent(
  stripe: Stripe,
  customer: string,
  amount = 2_500,
  idempotencyKey?: string,
): Promise<Stripe.Response<Stripe.PaymentIntent>> {
  const params: Stripe.PaymentIntentCreateParams = {
    amount,
    currency: 'usd',
    customer,
    allowed_payment_method_types: ['card'],
  };
  return stripe.paymentIntents.create(params, idempotencyKey === undefined ? {} : { idempotencyKey });
}

/** The error of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call;
  } catch (error) {
    return error as Stripe.errors.StripeError;
  }
  throw new Error('The call succeeded, which it must not.');
}
