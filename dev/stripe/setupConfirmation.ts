// What happens when a SetupIntent is confirmed: the owner is asked if the card wants it, then the card is saved.
import type Stripe from 'stripe';
import { needsAuthentication, type Card } from './cardBehavior';
import { attachDecline } from './declines';
import { invalidRequest, StripeError, type ErrorBody } from './errors';
import { attach, resolvePaymentMethod } from './paymentMethods';
import type { Transaction } from './transaction';

/** Saves the method, or asks its owner first. A card that cannot be saved is thrown, as at Stripe, after it was recorded. */
export async function confirmSetup(
  tx: Transaction,
  intent: Stripe.SetupIntent,
  methodId: string | undefined,
  returnUrl: string | undefined,
): Promise<Stripe.SetupIntent> {
  if (['succeeded', 'canceled', 'processing'].includes(intent.status)) {
    throw unexpectedState(`You cannot confirm this SetupIntent because it has a status of ${intent.status}.`, intent);
  }
  const wanted = methodId ?? (intent.payment_method as string | null);
  if (wanted === null)
    throw unexpectedState("You cannot confirm this SetupIntent because it's missing a payment method.", intent);
  const { method, card } = await resolvePaymentMethod(tx, wanted);
  const confirmed = tx.update('setup_intents', intent, { payment_method: method.id });
  if (needsAuthentication(card, false)) return askOwnerOfSetup(tx, confirmed, returnUrl);
  const outcome = completeSetup(tx, confirmed, method, card);
  if (outcome.error !== null) throw new StripeError(402, outcome.error);
  return outcome.intent;
}

export function setupConfirmationUrl(tx: Transaction, intent: Stripe.SetupIntent): string {
  return `${tx.baseUrl}/confirm/${intent.id}?client_secret=${intent.client_secret ?? ''}`;
}

export function askOwnerOfSetup(
  tx: Transaction,
  intent: Stripe.SetupIntent,
  returnUrl: string | undefined,
): Stripe.SetupIntent {
  const url = setupConfirmationUrl(tx, intent);
  const asked = tx.update('setup_intents', intent, {
    status: 'requires_action',
    next_action:
      returnUrl === undefined
        ? { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url } }
        : { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url } },
  });
  tx.emit('setup_intent.requires_action', asked);
  return asked;
}

type Outcome = { intent: Stripe.SetupIntent; error: ErrorBody | null };

/** Saves the method, once nothing more is asked of the owner. A card that cannot be attached fails the setup. */
export function completeSetup(
  tx: Transaction,
  intent: Stripe.SetupIntent,
  method: Stripe.PaymentMethod,
  card: Card,
): Outcome {
  if (card.behavior.attachDecline !== null) return fail(tx, intent, method, attachDecline(card.behavior.attachDecline));
  if (intent.customer !== null) attach(tx, method, card, intent.customer as string);
  tx.update('cards', card, { setUp: intent.usage === 'off_session' });
  const done = tx.update('setup_intents', intent, {
    status: 'succeeded',
    payment_method: method.id,
    next_action: null,
    last_setup_error: null,
  });
  tx.emit('setup_intent.succeeded', done);
  return { intent: done, error: null };
}

/** The owner's answer on the confirmation page. */
export async function confirmSetupByOwner(
  tx: Transaction,
  intent: Stripe.SetupIntent,
  approved: boolean,
): Promise<Outcome> {
  if (intent.status !== 'requires_action')
    throw unexpectedState(`This SetupIntent does not wait for its owner: it has a status of ${intent.status}.`, intent);
  const { method, card } = await resolvePaymentMethod(tx, intent.payment_method as string);
  if (approved) return completeSetup(tx, intent, method, card);
  return fail(tx, intent, method, {
    type: 'invalid_request_error',
    code: 'setup_intent_authentication_failure',
    message: 'The latest attempt to set up the payment method has failed because authentication failed.',
  });
}

function fail(tx: Transaction, intent: Stripe.SetupIntent, method: Stripe.PaymentMethod, error: ErrorBody): Outcome {
  const failed = tx.update('setup_intents', intent, {
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    last_setup_error: { ...error, payment_method: method },
  });
  tx.emit('setup_intent.setup_failed', failed);
  return { intent: failed, error: { ...error, payment_method: method, setup_intent: failed } };
}

export function unexpectedState(message: string, intent: Stripe.SetupIntent): StripeError {
  return invalidRequest(message, { code: 'setup_intent_unexpected_state', setup_intent: intent });
}
