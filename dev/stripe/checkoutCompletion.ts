// What a customer does with a Checkout Session: pay or save a card, confirm, and so complete it.
import type Stripe from 'stripe';
import { needsAuthentication, PAYS } from './cardBehavior';
import { currentSession } from './checkoutSessions';
import { awaitsTransfer, confirmByOwner, confirmationUrl, settleProcessing, takePayment } from './confirmation';
import { invalidRequest, type ErrorBody } from './errors';
import { blankIntent } from './newPaymentIntent';
import { newProviderMethod } from './newPaymentMethod';
import { mergeMetadata } from './params';
import { resolvePaymentMethod } from './paymentMethods';
import { askOwnerOfSetup, completeSetup, confirmSetupByOwner, setupConfirmationUrl } from './setupConfirmation';
import { first, type Transaction } from './transaction';

/** Where the customer's browser goes next, or why it stays. */
export type Step =
  | { kind: 'done'; session: Stripe.Checkout.Session }
  | { kind: 'confirm'; url: string }
  | { kind: 'declined'; message: string };

export type Choice = { paymentMethod: string } | { provider: true };

/** The customer submits the page. */
export async function submitCheckout(tx: Transaction, sessionId: string, choice: Choice): Promise<Step> {
  const session = await currentSession(tx, sessionId);
  if (session.status !== 'open')
    throw invalidRequest(`This Checkout Session is not open any more: it has a status of ${String(session.status)}.`);
  if (session.customer !== null) await tx.need('customers', session.customer as string, 'customer');
  return session.mode === 'setup' ? submitSetup(tx, session, choice) : submitPayment(tx, session, choice);
}

async function submitPayment(tx: Transaction, session: Stripe.Checkout.Session, choice: Choice): Promise<Step> {
  const { method, card } =
    'provider' in choice ? newProviderMethod(tx, PAYS) : await resolvePaymentMethod(tx, choice.paymentMethod);
  const intent = tx.update('payment_intents', await paymentIntentOf(tx, session), { payment_method: method.id });
  tx.update('checkout_sessions', session, { payment_intent: intent.id });
  const returnUrl = session.url ?? tx.baseUrl;
  const outcome = await takePayment(tx, intent, { method, card, offSession: false, returnUrl });
  return stepAfterPayment(tx, outcome);
}

/** A session's PaymentIntent is made when its customer first pays, and serves all attempts. */
async function paymentIntentOf(tx: Transaction, session: Stripe.Checkout.Session): Promise<Stripe.PaymentIntent> {
  if (session.payment_intent !== null) return tx.need('payment_intents', session.payment_intent as string);
  const { payment } = await tx.need('checkout_details', session.id);
  const intent = tx.put('payment_intents', {
    ...blankIntent(tx, session.amount_total as number, 'usd'),
    customer: session.customer,
    description: payment.description ?? null,
    metadata: mergeMetadata({}, payment.metadata),
    receipt_email: payment.receipt_email ?? null,
    setup_future_usage: payment.setup_future_usage ?? null,
    statement_descriptor: payment.statement_descriptor ?? null,
    statement_descriptor_suffix: payment.statement_descriptor_suffix ?? null,
  });
  tx.emit('payment_intent.created', intent);
  return intent;
}

async function stepAfterPayment(
  tx: Transaction,
  { intent, error }: { intent: Stripe.PaymentIntent; error: ErrorBody | null },
): Promise<Step> {
  if (error !== null) return { kind: 'declined', message: error.message };
  if (intent.status === 'requires_action' && !awaitsTransfer(intent))
    return { kind: 'confirm', url: confirmationUrl(tx, intent) };
  const session = (await sessionOf(tx, 'payment_intent', intent.id)) as Stripe.Checkout.Session;
  return { kind: 'done', session: await complete(tx, session, intent.status === 'succeeded' ? 'paid' : 'unpaid') };
}

async function submitSetup(tx: Transaction, session: Stripe.Checkout.Session, choice: Choice): Promise<Step> {
  if ('provider' in choice) throw invalidRequest('Only cards can be saved for later.');
  const { method, card } = await resolvePaymentMethod(tx, choice.paymentMethod);
  const intent = tx.update('setup_intents', await tx.need('setup_intents', session.setup_intent as string), {
    payment_method: method.id,
  });
  if (needsAuthentication(card, false)) {
    return { kind: 'confirm', url: setupConfirmationUrl(tx, askOwnerOfSetup(tx, intent, session.url ?? undefined)) };
  }
  const { error } = completeSetup(tx, intent, method, card);
  return error === null
    ? { kind: 'done', session: await complete(tx, session, 'no_payment_required') }
    : { kind: 'declined', message: error.message };
}

async function complete(
  tx: Transaction,
  session: Stripe.Checkout.Session,
  paymentStatus: Stripe.Checkout.Session.PaymentStatus,
): Promise<Stripe.Checkout.Session> {
  const customer = await tx.get('customers', (session.customer as string | null) ?? '');
  const completed = tx.update('checkout_sessions', await tx.need('checkout_sessions', session.id), {
    status: 'complete',
    payment_status: paymentStatus,
    url: null,
    customer_details: {
      address: null,
      business_name: null,
      email: customer?.email ?? session.customer_email,
      individual_name: null,
      name: customer?.name ?? null,
      phone: null,
      tax_exempt: 'none',
      tax_ids: [],
    },
  });
  tx.emit('checkout.session.completed', completed);
  return completed;
}

async function sessionOf(
  tx: Transaction,
  field: 'payment_intent' | 'setup_intent',
  intentId: string,
): Promise<Stripe.Checkout.Session | undefined> {
  return first(tx.newest('checkout_sessions', { where: { field, equals: intentId } }));
}

type Answered<T> = { intent: T; error: ErrorBody | null; session: Stripe.Checkout.Session | null };

/** The owner's answer to 3-D Secure; completes the Checkout Session that asked for it, if one did. */
export async function answerPayment(
  tx: Transaction,
  intentId: string,
  approved: boolean,
): Promise<Answered<Stripe.PaymentIntent>> {
  const outcome = await confirmByOwner(tx, await tx.need('payment_intents', intentId), approved);
  const session = (await sessionOf(tx, 'payment_intent', intentId)) ?? null;
  if (session === null || outcome.error !== null) return { ...outcome, session };
  return {
    ...outcome,
    session: await complete(tx, session, outcome.intent.status === 'succeeded' ? 'paid' : 'unpaid'),
  };
}

export async function answerSetup(
  tx: Transaction,
  intentId: string,
  approved: boolean,
): Promise<Answered<Stripe.SetupIntent>> {
  const outcome = await confirmSetupByOwner(tx, await tx.need('setup_intents', intentId), approved);
  const session = (await sessionOf(tx, 'setup_intent', intentId)) ?? null;
  if (session === null || outcome.error !== null) return { ...outcome, session };
  return { ...outcome, session: await complete(tx, session, 'no_payment_required') };
}

/** Decides a pending payment, and tells the Checkout Session that waited for it. */
export async function settlePending(
  tx: Transaction,
  intentId: string,
  declineCode: string | null,
): Promise<Stripe.PaymentIntent> {
  const { intent, error } = await settleProcessing(tx, await tx.need('payment_intents', intentId), declineCode);
  const session = await sessionOf(tx, 'payment_intent', intentId);
  if (session !== undefined) {
    const settled = error === null ? tx.update('checkout_sessions', session, { payment_status: 'paid' }) : session;
    tx.emit(`checkout.session.async_payment_${error === null ? 'succeeded' : 'failed'}`, settled);
  }
  return intent;
}
