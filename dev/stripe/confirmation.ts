// What happens when a PaymentIntent is confirmed: authentication, the charge, and where each outcome leaves it.
import type Stripe from 'stripe';
import { needsAuthentication, type Card } from './cardBehavior';
import { newCharge, settleCharge } from './charges';
import { chargeDecline } from './declines';
import { openDispute } from './disputes';
import { StripeError, type ErrorBody } from './errors';
import { checkConfirmable, checkOwner, checkReturnUrl, methodMissing, unexpectedState } from './intentState';
import { attach, resolvePaymentMethod } from './paymentMethods';
import type { Transaction } from './transaction';

type Confirmation = {
  methodId?: string | undefined;
  offSession: boolean;
  returnUrl?: string | undefined;
  receiptEmail?: string | undefined;
  setupFutureUsage?: 'off_session' | 'on_session' | '' | undefined;
  errorOnRequiresAction?: boolean | undefined;
};

/** `error`: what the API answers with 402; the PaymentIntent has changed nevertheless. */
type Outcome = { intent: Stripe.PaymentIntent; error: ErrorBody | null };

/** POST /v1/payment_intents/:id/confirm. A decline is thrown, as at Stripe, after it was recorded. */
export async function confirmIntent(
  tx: Transaction,
  intent: Stripe.PaymentIntent,
  confirmation: Confirmation,
): Promise<Stripe.PaymentIntent> {
  checkConfirmable(intent);
  if (intent.customer !== null) await tx.need('customers', intent.customer as string, 'customer');
  const methodId = confirmation.methodId ?? (intent.payment_method as string | null);
  if (methodId === null) throw methodMissing(intent);
  const { method, card } = await resolvePaymentMethod(tx, methodId);
  checkOwner(intent, method);
  checkReturnUrl(intent, confirmation.returnUrl);
  const confirmed = tx.update('payment_intents', intent, {
    payment_method: method.id,
    ...(confirmation.receiptEmail !== undefined && { receipt_email: confirmation.receiptEmail || null }),
    ...(confirmation.setupFutureUsage !== undefined && { setup_future_usage: confirmation.setupFutureUsage || null }),
  });
  const outcome = await takePayment(tx, confirmed, { method, card, ...confirmation });
  if (outcome.error !== null) throw new StripeError(402, outcome.error);
  return outcome.intent;
}

type Attempt = {
  method: Stripe.PaymentMethod;
  card: Card;
  offSession: boolean;
  returnUrl?: string | undefined;
  /** The owner has just confirmed. */
  authenticated?: boolean;
  errorOnRequiresAction?: boolean | undefined;
};

export async function takePayment(tx: Transaction, intent: Stripe.PaymentIntent, attempt: Attempt): Promise<Outcome> {
  const { method, card } = attempt;
  if (attempt.authenticated !== true && needsAuthentication(card, attempt.offSession)) {
    if (attempt.offSession || attempt.errorOnRequiresAction === true)
      return decline(tx, intent, method, 'authentication_required');
    return { intent: askOwner(tx, intent, attempt.returnUrl), error: null };
  }
  if (card.behavior.chargeDecline !== null) return decline(tx, intent, method, card.behavior.chargeDecline);
  if (card.behavior.settlement === 'bank_transfer') return { intent: awaitTransfer(tx, intent), error: null };
  if (card.behavior.settlement === 'processing') return { intent: beginProcessing(tx, intent, method), error: null };
  const charge = newCharge(tx, intent, method, { kind: 'succeeded' });
  return { intent: await succeed(tx, intent, charge), error: null };
}

/** The address of the page on which an owner confirms this payment. */
export function confirmationUrl(tx: Transaction, intent: Stripe.PaymentIntent): string {
  return `${tx.baseUrl}/confirm/${intent.id}?client_secret=${intent.client_secret ?? ''}`;
}

function askOwner(tx: Transaction, intent: Stripe.PaymentIntent, returnUrl: string | undefined): Stripe.PaymentIntent {
  const url = confirmationUrl(tx, intent);
  const asked = tx.update('payment_intents', intent, {
    status: 'requires_action',
    last_payment_error: null,
    next_action:
      returnUrl === undefined
        ? { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url } }
        : { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url } },
  });
  tx.emit('payment_intent.requires_action', asked);
  return asked;
}

/** The owner's answer on the confirmation page, for a payment that waits for it or was declined for want of it. */
export async function confirmByOwner(
  tx: Transaction,
  intent: Stripe.PaymentIntent,
  approved: boolean,
): Promise<Outcome> {
  const waited =
    intent.status === 'requires_action' ? (intent.payment_method as string | null) : declinedForWantOfIt(intent);
  if (waited === null)
    throw unexpectedState(
      intent,
      `This PaymentIntent does not wait for its owner: it has a status of ${intent.status}.`,
    );
  const { method, card } = await resolvePaymentMethod(tx, waited);
  const confirmed = tx.update('payment_intents', intent, { payment_method: method.id });
  if (approved) return takePayment(tx, confirmed, { method, card, offSession: false, authenticated: true });
  return fail(tx, confirmed, {
    type: 'card_error',
    code: 'payment_intent_authentication_failure',
    message:
      'The provided payment method has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.',
    payment_method: method,
  });
}

function declinedForWantOfIt({ status, last_payment_error: error }: Stripe.PaymentIntent): string | null {
  const waits = status === 'requires_payment_method' && error?.code === 'authentication_required';
  return waits ? (error.payment_method?.id ?? null) : null;
}

function decline(
  tx: Transaction,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  declineCode: string,
): Outcome {
  const charge = newCharge(tx, intent, method, { kind: 'declined', declineCode });
  return fail(
    tx,
    { ...intent, latest_charge: charge.id },
    { ...chargeDecline(declineCode), charge: charge.id, payment_method: method },
  );
}

function fail(tx: Transaction, intent: Stripe.PaymentIntent, error: ErrorBody): Outcome {
  const failed = tx.update('payment_intents', intent, {
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    processing: null,
    last_payment_error: error,
  });
  tx.emit('payment_intent.payment_failed', failed);
  return { intent: failed, error: { ...error, payment_intent: failed } };
}

function beginProcessing(
  tx: Transaction,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): Stripe.PaymentIntent {
  const charge = newCharge(tx, intent, method, { kind: 'pending' });
  const processing = tx.update('payment_intents', intent, {
    status: 'processing',
    latest_charge: charge.id,
    last_payment_error: null,
    next_action: null,
    processing: { type: 'card' },
  });
  tx.emit('payment_intent.processing', processing);
  return processing;
}

/** The customer has instructions for a transfer: nothing is confirmed any more, and no charge is made before it arrives. */
function awaitTransfer(tx: Transaction, intent: Stripe.PaymentIntent): Stripe.PaymentIntent {
  const asked = tx.update('payment_intents', intent, {
    status: 'requires_action',
    last_payment_error: null,
    next_action: {
      type: 'display_bank_transfer_instructions',
      display_bank_transfer_instructions: {
        amount_remaining: intent.amount,
        currency: intent.currency,
        hosted_instructions_url: `${tx.baseUrl}/transfer/${intent.id}`,
        reference: intent.id.slice(-10).toUpperCase(),
        type: 'us_bank_transfer',
      },
    },
  });
  tx.emit('payment_intent.requires_action', asked);
  return asked;
}

export const awaitsTransfer = ({ status, next_action: action }: Stripe.PaymentIntent): boolean =>
  status === 'requires_action' && action?.type === 'display_bank_transfer_instructions';

/** The transfer arrives, or has expired. */
async function settleTransfer(
  tx: Transaction,
  intent: Stripe.PaymentIntent,
  declineCode: string | null,
): Promise<Outcome> {
  const method = await tx.need('payment_methods', intent.payment_method as string);
  if (declineCode !== null) return fail(tx, intent, { ...chargeDecline(declineCode), payment_method: method });
  const charge = newCharge(tx, intent, method, { kind: 'succeeded' });
  return { intent: await succeed(tx, intent, charge), error: null };
}

/** Decides a payment that is being processed: paid, or declined with the code given. */
export async function settleProcessing(
  tx: Transaction,
  intent: Stripe.PaymentIntent,
  declineCode: string | null,
): Promise<Outcome> {
  if (awaitsTransfer(intent)) return settleTransfer(tx, intent, declineCode);
  if (intent.status !== 'processing')
    throw unexpectedState(intent, `This PaymentIntent is not being processed: it has a status of ${intent.status}.`);
  const pending = await tx.need('charges', intent.latest_charge as string);
  if (declineCode === null)
    return { intent: await succeed(tx, intent, settleCharge(tx, pending, { kind: 'succeeded' })), error: null };
  const method = await tx.need('payment_methods', intent.payment_method as string);
  settleCharge(tx, pending, { kind: 'declined', declineCode });
  return fail(tx, intent, { ...chargeDecline(declineCode), charge: pending.id, payment_method: method });
}

async function succeed(
  tx: Transaction,
  intent: Stripe.PaymentIntent,
  charge: Stripe.Charge,
): Promise<Stripe.PaymentIntent> {
  const methodId = intent.payment_method as string;
  const card = await tx.need('cards', methodId);
  const paid = tx.update('payment_intents', intent, {
    status: 'succeeded',
    amount_received: intent.amount,
    latest_charge: charge.id,
    last_payment_error: null,
    next_action: null,
    processing: null,
  });
  tx.emit('payment_intent.succeeded', paid);
  const method = await tx.need('payment_methods', methodId);
  if (paid.setup_future_usage !== null && paid.customer !== null && method.type === 'card') {
    attach(tx, method, card, paid.customer as string);
    tx.update('cards', card, { setUp: card.setUp || paid.setup_future_usage === 'off_session' });
  } else if (method.customer === null) {
    tx.update('cards', card, { spent: true });
  }
  if (card.behavior.dispute !== 'none') await openDispute(tx, charge, card.behavior.dispute);
  return paid;
}
