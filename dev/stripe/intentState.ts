// The errors for asking a PaymentIntent what its status does not allow.
import type Stripe from 'stripe';
import { invalidParameter, invalidRequest, type StripeError } from './errors';

export function unexpectedState(intent: Stripe.PaymentIntent, message: string): StripeError {
  return invalidRequest(message, { code: 'payment_intent_unexpected_state', payment_intent: intent });
}

const CONFIRMABLE = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

/** Throws unless the PaymentIntent may be confirmed now. */
export function checkConfirmable(intent: Stripe.PaymentIntent): void {
  if (CONFIRMABLE.includes(intent.status)) return;
  const because =
    intent.status === 'succeeded'
      ? 'it has already succeeded after being previously confirmed'
      : `it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be confirmed: ${CONFIRMABLE.join(', ')}`;
  throw unexpectedState(intent, `You cannot confirm this PaymentIntent because ${because}.`);
}

export function methodMissing(intent: Stripe.PaymentIntent): StripeError {
  return unexpectedState(
    intent,
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
  );
}

/** Throws unless the payment method is free or belongs to the PaymentIntent's customer. */
export function checkOwner(intent: Stripe.PaymentIntent, method: Stripe.PaymentMethod): void {
  if (method.customer === null || method.customer === intent.customer) return;
  const message =
    intent.customer === null
      ? `The PaymentMethod ${method.id} belongs to a Customer. Please include the Customer in the \`customer\` parameter on the PaymentIntent.`
      : `The PaymentMethod ${method.id} does not belong to the Customer ${intent.customer as string}. Please use this PaymentMethod with the Customer that it belongs to instead.`;
  throw invalidParameter(message, 'payment_method');
}

/**
 * Throws when a redirect might be needed and there is nowhere to return to. PaymentIntents take all methods that the
 * dashboard enables unless told otherwise, and some of those redirect.
 */
export function checkReturnUrl(intent: Stripe.PaymentIntent, returnUrl: string | undefined): void {
  const automatic = intent.automatic_payment_methods;
  if (automatic === null || automatic.allow_redirects === 'never' || returnUrl !== undefined) return;
  if (intent.allowed_payment_method_types?.every((type) => type === 'card' || type === 'link') === true) return;
  throw invalidParameter(
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.",
    'return_url',
  );
}
