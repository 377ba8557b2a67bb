/** How facts are looked up at Stripe, and by which metadata of ours what is Ballast's is found there. */
import Stripe from 'stripe';

/** A lock may be held meanwhile, so no answer is waited for longer. */
export const LOOK: Stripe.RequestOptions = { timeout: 5_000 };

/** By them a PaymentIntent says which payment of which account it is for, and a refund which request made it. */
export const PAYMENT_CLAIM = 'ballast_payment';
export const ACCOUNT_CLAIM = 'ballast_account';
export const REFUND_CLAIM = 'ballast_refund';

/** Null for what Stripe does not know. Throws when it gives no answer. */
export async function found<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing') return null;
    throw error;
  }
}

export const idOf = (ref: string | { id: string } | null | undefined): string | null =>
  typeof ref === 'string' ? ref : (ref?.id ?? null);
