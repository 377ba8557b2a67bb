/** Refunds at Stripe: made once per request, however often it is sent (P5). */
import Stripe from 'stripe';
import { REFUND_CLAIM } from './looking';

/** Id and tries name the request at Stripe: the same again is one refund. */
export type RefundWish = { requestId: string; tries: number; paymentIntentId: string; cents: number };
export type RefundAnswer =
  | { kind: 'made' }
  /** Nothing was made, and nothing will be under this try. */
  | { kind: 'refused'; because: string }
  /** It may have been made. `answered`: Stripe has finished with this try, so another one needs a new key. */
  | { kind: 'unknown'; answered: boolean };

/** A lock is held meanwhile. */
const TIMEOUT_MS = 10_000;

/** Carries the request's id, by which the refund is found at Stripe whatever becomes of the answer. */
export async function createRefund(
  stripe: Stripe,
  { requestId, tries, paymentIntentId, cents }: RefundWish,
): Promise<RefundAnswer> {
  try {
    await stripe.refunds.create(
      { payment_intent: paymentIntentId, amount: cents, metadata: { [REFUND_CLAIM]: requestId } },
      { idempotencyKey: `${requestId}/refund/${tries}`, timeout: TIMEOUT_MS },
    );
    return { kind: 'made' };
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError) return { kind: 'refused', because: error.message };
    // A 500 is kept under its key; a 409 says that the first is still at work, and a gateway's error says nothing.
    if (error instanceof Stripe.errors.StripeError) return { kind: 'unknown', answered: error.statusCode === 500 };
    throw error;
  }
}
