/** PaymentIntents at Stripe: created unconfirmed, confirmed, read, canceled (A7, A9, P1). */
import type Stripe from 'stripe';
import { outcomeOfError, outcomeOfIntent, type Outcome } from './outcome';

export type NewIntent = {
  paymentId: string;
  accountId: string;
  purpose: 'prepayment' | 'reload';
  cents: number;
  customerId: string;
};
export type Confirmation = {
  paymentIntentId: string;
  methodId: string;
  /** The owner is there and can be sent to the bank's page; off session the bank declines instead (A11). */
  onSession: boolean;
  /** Where the bank's page leads back to. */
  returnUrl: string;
  latestChargeId: string | null;
};

/**
 * Creates the payment's PaymentIntent, or finds it: the key names the payment and how often Stripe gave no answer, as
 * it keeps even a 500 under a key. Whichever of two is not stored is never confirmed.
 */
export async function createIntent(
  stripe: Stripe,
  intent: NewIntent,
  looks: number,
): Promise<{ kind: 'created'; id: string } | Extract<Outcome, { kind: 'unknown' }>> {
  try {
    const created = await stripe.paymentIntents.create(
      {
        amount: intent.cents,
        currency: 'usd',
        customer: intent.customerId,
        // Redirects are how an owner confirms; so every confirmation says where they lead back to.
        automatic_payment_methods: { enabled: true },
        description: intent.purpose === 'reload' ? 'Ballast auto-reload' : 'Ballast prepayment',
        metadata: {
          ballast_payment: intent.paymentId,
          ballast_account: intent.accountId,
          ballast_purpose: intent.purpose,
        },
      },
      { idempotencyKey: `${intent.paymentId}/create/${looks}` },
    );
    return { kind: 'created', id: created.id };
  } catch (error) {
    const outcome = outcomeOfError(error);
    return outcome.kind === 'unknown'
      ? outcome
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
): Promise<Outcome> {
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
    return outcomeOfIntent(intent, confirmation.latestChargeId);
  } catch (error) {
    return outcomeOfError(error);
  }
}

/** Reads what has become of a payment. `latestChargeId`: the newest charge whose outcome was recorded before. */
export async function readIntent(
  stripe: Stripe,
  paymentIntentId: string,
  latestChargeId: string | null,
): Promise<Outcome> {
  try {
    const intent = await stripe.paymentIntents.retrieve(paymentIntentId, { expand: ['latest_charge'] });
    return outcomeOfIntent(intent, latestChargeId);
  } catch (error) {
    return outcomeOfError(error);
  }
}

/** Cancels a PaymentIntent for good, or finds that it is paid or canceled already. Needs no key: a second time is harmless. */
export async function cancelIntent(stripe: Stripe, paymentIntentId: string): Promise<Outcome> {
  try {
    await stripe.paymentIntents.cancel(paymentIntentId);
    return { kind: 'canceled' };
  } catch (error) {
    const outcome = outcomeOfError(error);
    return outcome.kind === 'unknown' ? readIntent(stripe, paymentIntentId, null) : outcome;
  }
}
