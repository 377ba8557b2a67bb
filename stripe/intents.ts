/** PaymentIntents at Stripe: created unconfirmed, confirmed, read, canceled (A7, A9, P1). */
import type Stripe from 'stripe';
import type { PaymentAnswer, PaymentClaim, SeenIntent } from '../domain/payment';
import { answerOfError, answerOfIntent } from './answers';
import type { Claims } from './claims';
import { isCustomerMissing } from './customerMissing';
import { found, LOOK, PAYMENT_CLAIM } from './looking';

export type Confirmation = {
  paymentIntentId: string;
  methodId: string;
  /** The owner is there and can be sent to the bank's page; off session the bank declines instead (A11). */
  onSession: boolean;
  /** Where the bank's page leads back to. */
  returnUrl: string;
  /** The newest charge whose outcome was recorded before. */
  knownChargeId: string | null;
};
export type CreatedIntent =
  { kind: 'created'; id: string } | { kind: 'customer_missing' } | Extract<PaymentAnswer, { kind: 'unknown' }>;

/**
 * Creates the payment's PaymentIntent, or finds it. The key says what a caller repeats, the payment's id made from the
 * account's Idempotency-Key or the account's reload by number, and how often Stripe gave no answer, as it keeps even a 500
 * under a key. Whichever of two is not stored is never confirmed.
 */
export async function createIntent(
  stripe: Stripe,
  claims: Claims,
  claim: PaymentClaim,
  looks: number,
): Promise<CreatedIntent> {
  const { accountId, purpose, paymentId, reloadNumber } = claim;
  const repeated = reloadNumber === null ? paymentId : `reload/${accountId}/${reloadNumber}`;
  try {
    const created = await stripe.paymentIntents.create(
      {
        amount: claim.cents,
        currency: 'usd',
        customer: claim.customerId,
        // Redirects are how an owner confirms; so every confirmation says where they lead back to.
        automatic_payment_methods: { enabled: true },
        description: purpose === 'reload' ? 'Ballast auto-reload' : 'Ballast prepayment',
        metadata: claims.metadataOf(claim),
      },
      { idempotencyKey: `${repeated}/create/${looks}` },
    );
    return { kind: 'created', id: created.id };
  } catch (error) {
    if (isCustomerMissing(error)) return { kind: 'customer_missing' };
    const answer = answerOfError(error);
    return answer.kind === 'unknown'
      ? answer
      : { kind: 'unknown', because: 'Stripe declined to create a payment', operator: true };
  }
}

/**
 * Confirms with a saved method.
 * @param idempotencyKey the same call again under it is one confirmation; null for an owner's own, which may be repeated:
 *   one PaymentIntent is paid once at most
 */
export async function confirmIntent(
  stripe: Stripe,
  confirmation: Confirmation,
  idempotencyKey: string | null,
): Promise<PaymentAnswer> {
  try {
    const intent = await stripe.paymentIntents.confirm(
      confirmation.paymentIntentId,
      {
        payment_method: confirmation.methodId,
        return_url: confirmation.returnUrl,
        ...(confirmation.onSession ? {} : { off_session: true }),
        expand: ['latest_charge'],
      },
      idempotencyKey === null ? {} : { idempotencyKey },
    );
    return answerOfIntent(intent, confirmation.knownChargeId);
  } catch (error) {
    return answerOfError(error);
  }
}

/**
 * Reads what has become of a PaymentIntent. Throws when Stripe gives no answer.
 * @param knownChargeId the newest charge whose outcome was recorded before: a decline of it is no news
 */
export async function seeIntent(
  stripe: Stripe,
  claims: Claims,
  paymentIntentId: string,
  knownChargeId: string | null,
): Promise<SeenIntent> {
  const intent = await found(stripe.paymentIntents.retrieve(paymentIntentId, { expand: ['latest_charge'] }, LOOK));
  return intent
    ? toSeenIntent(intent, claims, knownChargeId)
    : { paymentIntentId, claims: null, claim: null, createdMs: 0, answer: { kind: 'missing' } };
}

/** @param intent with `latest_charge` expanded */
export const toSeenIntent = (
  intent: Stripe.PaymentIntent,
  claims: Claims,
  knownChargeId: string | null,
): SeenIntent => ({
  paymentIntentId: intent.id,
  claims: intent.metadata[PAYMENT_CLAIM] ?? null,
  claim: claims.claimOf(intent),
  createdMs: intent.created * 1_000,
  answer: answerOfIntent(intent, knownChargeId),
});

/** Cancels a PaymentIntent for good, or finds that it is paid or canceled already. Needs no key: a second time is harmless. */
export async function cancelIntent(stripe: Stripe, paymentIntentId: string): Promise<PaymentAnswer> {
  try {
    await stripe.paymentIntents.cancel(paymentIntentId);
    return { kind: 'canceled' };
  } catch (error) {
    const answer = answerOfError(error);
    if (answer.kind !== 'unknown') return answer;
    // It may have moved on: only reading it tells where to.
    const seen = await found(
      stripe.paymentIntents.retrieve(paymentIntentId, { expand: ['latest_charge'] }, LOOK),
    ).catch(() => null);
    return seen === null ? answer : answerOfIntent(seen, null);
  }
}
