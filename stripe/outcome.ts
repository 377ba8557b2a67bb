/** The one mapper from Stripe's answers to outcomes: a decline is a result; what is not known is said to be unknown. */
import Stripe from 'stripe';
import type { PaidIntent } from '../domain/payment';

export type Outcome =
  | { kind: 'paid'; paid: PaidIntent }
  /** The provider's answer about the method. `awaitsOwner`: its owner can still confirm this PaymentIntent (A11). */
  | { kind: 'declined'; code: string; message: string; chargeId: string | null; forGood: boolean; awaitsOwner: boolean }
  /** Its owner is asked to confirm it with this method, on session: at `url`, when Stripe gave one. */
  | { kind: 'requires_action'; url: string | null; methodId: string | null }
  /** Not paid and nothing under way, as far as Stripe says: it may be confirmed (again). */
  | { kind: 'unpaid' }
  | { kind: 'canceled' }
  /** No answer, or one that says nothing about the method: to be read from the PaymentIntent (A9). */
  | { kind: 'unknown'; because: string; operator: boolean };

export type Declined = Extract<Outcome, { kind: 'declined' }>;

const upToOwner = { kind: 'declined', chargeId: null, forGood: false } as const;
/** The owner of a prepayment was asked and said no, or did not pass the bank's check. */
export const NOT_CONFIRMED: Declined = {
  ...upToOwner,
  code: 'authentication_failed',
  message: 'The payment was not confirmed with your bank.',
  awaitsOwner: false,
};
/** Its owner has removed the method, so nothing can be confirmed with it. */
export const METHOD_REMOVED: Declined = {
  ...upToOwner,
  code: 'payment_method_not_available',
  message: 'The payment method was removed.',
  awaitsOwner: false,
};
/** A reload's owner is at the bank's page with this method: off session it would be declined. */
export const ASKED_OWNER: Declined = {
  ...upToOwner,
  code: 'authentication_required',
  message: 'The bank asks the card holder to confirm this payment.',
  awaitsOwner: true,
};

/** Invalid requests that are about the method, not about us: it was detached, or can't pay this. */
const METHOD_CODES = new Set([
  'payment_method_unexpected_state',
  'payment_method_unactivated',
  'payment_intent_incompatible_payment_method',
  'payment_method_not_available',
]);

/** Codes after which the same card is not tried again (A11); from Stripe's page on decline codes. */
const FOR_GOOD = new Set([
  'expired_card',
  'lost_card',
  'stolen_card',
  'pickup_card',
  'restricted_card',
  'invalid_account',
  'invalid_number',
  'incorrect_number',
  'new_account_information_available',
  'revocation_of_all_authorizations',
  'revocation_of_authorization',
  'card_not_supported',
  'currency_not_supported',
  'security_violation',
  'stop_payment_order',
  'payment_method_not_available',
]);

/** What a PaymentIntent's state says. `latestChargeId`: the newest charge whose outcome we had recorded before. */
export function outcomeOfIntent(intent: Stripe.PaymentIntent, latestChargeId: string | null): Outcome {
  switch (intent.status) {
    case 'succeeded':
      return { kind: 'paid', paid: paidIntent(intent) };
    case 'canceled':
      return { kind: 'canceled' };
    case 'processing':
      return { kind: 'unknown', because: 'the payment is still processing', operator: false };
    case 'requires_action':
      return {
        kind: 'requires_action',
        url: intent.next_action?.redirect_to_url?.url ?? null,
        methodId: idOf(intent.payment_method),
      };
    default: {
      const error = intent.last_payment_error;
      const chargeId = error?.charge ?? chargeIdOf(intent);
      if (!error || !chargeId || chargeId === latestChargeId) return { kind: 'unpaid' };
      return declined(
        error.decline_code || error.code || 'card_declined',
        error.message ?? 'The card was declined.',
        chargeId,
      );
    }
  }
}

/** What a failed call says. */
export function outcomeOfError(error: unknown): Outcome {
  if (error instanceof Stripe.errors.StripeCardError) {
    // The SDK makes an absent decline code an empty string.
    const code = error.decline_code || error.code || 'card_declined';
    return declined(
      code,
      error.message,
      error.charge ?? chargeIdOf(error.payment_intent),
      code === 'authentication_required',
    );
  }
  if (error instanceof Stripe.errors.StripeInvalidRequestError) {
    // The PaymentIntent has moved on: only reading it tells where to.
    if (error.code === 'payment_intent_unexpected_state') return unknown('the payment has moved on', false);
    if (error.param === 'payment_method' || METHOD_CODES.has(error.code ?? '')) {
      return declined('payment_method_not_available', 'This payment method can not be used any more.', null);
    }
    return unknown(`Stripe refused the request: ${error.message}`, true);
  }
  if (
    error instanceof Stripe.errors.StripeAuthenticationError ||
    error instanceof Stripe.errors.StripePermissionError
  ) {
    return unknown('Stripe refused the API key', true);
  }
  if (error instanceof Stripe.errors.StripeError)
    return unknown(`Stripe gave no answer about the method: ${error.type}`, false);
  throw error;
}

const unknown = (because: string, operator: boolean): Outcome => ({ kind: 'unknown', because, operator });

function declined(code: string, message: string, chargeId: string | null, awaitsOwner = false): Declined {
  return {
    kind: 'declined',
    code: storable(code),
    message: storable(message),
    chargeId,
    forGood: FOR_GOOD.has(code),
    awaitsOwner,
  };
}

/** Postgres keeps no NUL, and whoever answers as Stripe may send one. */
const storable = (text: string): string => text.replaceAll('\0', '');

const chargeIdOf = (intent: Stripe.PaymentIntent | undefined): string | null => idOf(intent?.latest_charge ?? null);
export const idOf = (ref: string | { id: string } | null | undefined): string | null =>
  typeof ref === 'string' ? ref : (ref?.id ?? null);

/** The facts that settling needs. `latest_charge` is expanded where the receipt and card are wanted. */
function paidIntent(intent: Stripe.PaymentIntent): PaidIntent {
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null;
  const card = charge?.payment_method_details?.card;
  return {
    paymentIntentId: intent.id,
    receivedCents: intent.amount_received,
    currency: intent.currency,
    chargeId: chargeIdOf(intent),
    paymentMethodId: idOf(intent.payment_method),
    receiptUrl: charge?.receipt_url ?? null,
    brand: card?.brand ?? null,
    last4: card?.last4 ?? null,
  };
}
