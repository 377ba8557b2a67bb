/** The one mapper of Stripe's answers about a payment (that a card can't be saved says `paymentMethods.ts`): a decline is a result; what is not known is said to be unknown. */
import Stripe from 'stripe';
import type { Declined, PaidIntent, PaymentAnswer } from '../domain/payment';
import { isCustomerMissing } from './customerMissing';
import { idOf } from './looking';
import { chargedWith } from './savedCard';

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

/** What is asked of a customer who has got instructions and pays by them, days later perhaps. */
const PAID_ELSEWHERE = new Set([
  'display_bank_transfer_instructions',
  'boleto_display_details',
  'konbini_display_details',
  'multibanco_display_details',
  'oxxo_display_details',
  'paynow_display_qr_code',
  'pix_display_qr_code',
  'promptpay_display_qr_code',
  'verify_with_microdeposits',
]);

/**
 * What a PaymentIntent's state says.
 * @param intent with `latest_charge` expanded where receipt and card are wanted
 * @param knownChargeId the newest charge whose outcome was recorded before: it is no news any more
 */
export function answerOfIntent(intent: Stripe.PaymentIntent, knownChargeId: string | null): PaymentAnswer {
  switch (intent.status) {
    case 'succeeded':
      return { kind: 'paid', paid: paidIntent(intent) };
    case 'canceled':
      return { kind: 'canceled' };
    case 'processing':
      return { kind: 'processing' };
    case 'requires_action':
      // The customer pays elsewhere, by transfer or voucher: there is nothing to confirm, and the money may still come.
      if (PAID_ELSEWHERE.has(intent.next_action?.type ?? '')) return { kind: 'processing' };
      return {
        kind: 'requires_action',
        url: intent.next_action?.redirect_to_url?.url ?? null,
        methodId: idOf(intent.payment_method),
      };
    default: {
      const error = intent.last_payment_error;
      const chargeId = error?.charge ?? chargeIdOf(intent);
      if (!error || !chargeId || chargeId === knownChargeId) return { kind: 'unpaid' };
      return declined(
        error.decline_code || error.code || 'card_declined',
        error.message ?? 'The card was declined.',
        chargeId,
      );
    }
  }
}

/** What a failed call says. */
export function answerOfError(error: unknown): PaymentAnswer {
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
    if (error.param === 'payment_method' || METHOD_CODES.has(error.code ?? '') || isCustomerMissing(error)) {
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

const unknown = (because: string, operator: boolean): PaymentAnswer => ({ kind: 'unknown', because, operator });

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

/** The facts that crediting needs. `latest_charge` is expanded where the receipt and card are wanted. */
function paidIntent(intent: Stripe.PaymentIntent): PaidIntent {
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null;
  const charged = charge?.payment_method_details ? chargedWith(charge.payment_method_details) : null;
  return {
    paymentIntentId: intent.id,
    receivedCents: intent.amount_received,
    currency: intent.currency,
    chargeId: chargeIdOf(intent),
    paymentMethodId: idOf(intent.payment_method),
    receiptUrl: charge?.receipt_url ?? null,
    brand: charged?.brand ?? null,
    last4: charged?.last4 ?? null,
    card: charged?.card ?? null,
  };
}
