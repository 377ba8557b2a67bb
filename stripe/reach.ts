/** Whether the payment provider can be reached with our key. */
import Stripe from 'stripe';
import { CustomerMissing } from './customerMissing';

/** Resolves when Stripe answers; one that is merely busy with us is there too. Rejects otherwise. */
export async function reachStripe(stripe: Stripe, timeoutMs: number): Promise<void> {
  try {
    await stripe.customers.list({ limit: 1 }, { timeout: timeoutMs });
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeRateLimitError)) throw error;
  }
}

/** Stripe understands what was asked of this object, and refuses it: it will refuse it the next time. */
export const isRefusedRequest = (error: unknown): boolean => error instanceof Stripe.errors.StripeInvalidRequestError;

/** An answer, or the lack of one, that says nothing about what was asked: an outage, too many calls, a wrong key. */
export const isProviderOutage = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeError || error instanceof CustomerMissing;
