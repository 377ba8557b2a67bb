/** Stripe's answer that it knows no such customer: it was deleted there, or the key is of another Stripe account. */
import Stripe from 'stripe';

/** Thrown by commands that name a customer; only a look at the customer tells whether it was deleted. */
export class CustomerMissing extends Error {
  constructor(readonly customerId: string) {
    super(`Stripe knows no customer ${customerId}`);
    this.name = 'CustomerMissing';
  }
}

export const isCustomerMissing = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError &&
  error.code === 'resource_missing' &&
  (error.param === 'customer' || error.message.startsWith('No such customer'));

/** Runs a command that names this customer. */
export async function namingCustomer<T>(customerId: string, command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (error) {
    throw isCustomerMissing(error) ? new CustomerMissing(customerId) : error;
  }
}
