/** Checkout at Stripe: its hosted page takes a new card or a third-party provider for one prepayment (P1, P2). */
import Stripe from 'stripe';
import type { PaymentClaim } from '../domain/payment';
import { answerOfError } from './answers';
import type { Claims } from './claims';
import { isCustomerMissing } from './customerMissing';

export type NewCheckout = PaymentClaim & { successUrl: string; cancelUrl: string };
export type CheckoutMade =
  | { kind: 'created'; sessionId: string; url: string }
  /** The same is being made at this moment. */
  | { kind: 'busy' }
  | { kind: 'customer_missing' }
  | { kind: 'unknown'; because: string; operator: boolean };

/**
 * Makes the payment's page, or finds it: the key names the payment and how often Stripe gave no answer. Which methods
 * the page offers is set at Stripe: cards and third-party providers alike.
 */
export async function createCheckoutPage(
  stripe: Stripe,
  claims: Claims,
  { successUrl, cancelUrl, ...claim }: NewCheckout,
  looks: number,
): Promise<CheckoutMade> {
  const metadata = claims.metadataOf(claim);
  try {
    const session = await stripe.checkout.sessions.create(
      {
        mode: 'payment',
        customer: claim.customerId,
        line_items: [
          {
            quantity: 1,
            price_data: { currency: 'usd', unit_amount: claim.cents, product_data: { name: 'Ballast prepayment' } },
          },
        ],
        metadata,
        payment_intent_data: { description: 'Ballast prepayment', metadata },
        success_url: successUrl,
        cancel_url: cancelUrl,
      },
      { idempotencyKey: `${claim.paymentId}/checkout/${looks}` },
    );
    return session.url === null
      ? { kind: 'unknown', because: `Stripe gave checkout session ${session.id} no address`, operator: true }
      : { kind: 'created', sessionId: session.id, url: session.url };
  } catch (error) {
    if (isCustomerMissing(error)) return { kind: 'customer_missing' };
    if (error instanceof Stripe.errors.StripeError && error.statusCode === 409) return { kind: 'busy' };
    const answer = answerOfError(error);
    return answer.kind === 'unknown'
      ? answer
      : { kind: 'unknown', because: 'Stripe declined to make a Checkout page', operator: true };
  }
}
