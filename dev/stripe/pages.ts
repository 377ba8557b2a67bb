// The hosted pages: Checkout, the owner's confirmation, receipts, and a list of the newest payments.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type Stripe from 'stripe';
import { answerPayment, answerSetup, submitCheckout, type Choice } from './checkoutCompletion';
import { currentSession } from './checkoutSessions';
import { StripeError } from './errors';
import { redirect, sendHtml } from './http';
import { checkoutPage, confirmationPage, messagePage, paymentsPage, receiptPage } from './pageContents';
import { runWork, type Environment } from './transaction';

export type Pages = (request: IncomingMessage, response: ServerResponse, url: URL, body: string) => Promise<void>;

type Answer = { html: string; status?: number } | { location: string };

const NO_ORIGIN = { requestId: null, idempotencyKey: null };
const PATH = /^\/(?:(checkout|confirm|receipts)\/([A-Za-z0-9_]+))?$/;
const SHOWN_MAX = 30;

export function isPage(path: string): boolean {
  return PATH.test(path);
}

export function createPages(environment: Environment): Pages {
  return async (request, response, url, body) => {
    const [, kind = '', id = ''] = PATH.exec(url.pathname) ?? [];
    const form = new URLSearchParams(body);
    const posted = request.method === 'POST';
    try {
      const answer = await answerPage(environment, {
        kind,
        id,
        posted,
        form,
        secret: form.get('client_secret') ?? url.searchParams.get('client_secret'),
      });
      if ('location' in answer) redirect(response, answer.location);
      else sendHtml(response, answer.status ?? 200, answer.html);
    } catch (error) {
      if (!(error instanceof StripeError)) throw error;
      sendHtml(response, error.status, messagePage('This page cannot be shown', error.message));
    }
  };
}

type Visit = { kind: string; id: string; posted: boolean; form: URLSearchParams; secret: string | null };

function answerPage(environment: Environment, visit: Visit): Promise<Answer> {
  if (visit.kind === '') return showPayments(environment);
  if (visit.kind === 'checkout')
    return visit.posted ? submit(environment, visit) : showCheckout(environment, visit.id, null);
  if (visit.kind === 'confirm')
    return visit.posted ? confirm(environment, visit) : showConfirmation(environment, visit);
  return runWork(environment, NO_ORIGIN, (tx) => ({ html: receiptPage(tx.need('charges', visit.id)) }));
}

function showPayments(environment: Environment): Promise<Answer> {
  return runWork(environment, NO_ORIGIN, (tx) => {
    const newest = tx.table('payment_intents').newest();
    const intents = Array.from(
      { length: SHOWN_MAX },
      () => newest.next().value as Stripe.PaymentIntent | undefined,
    ).filter((intent) => intent !== undefined);
    return { html: paymentsPage(intents) };
  });
}

function showCheckout(environment: Environment, sessionId: string, error: string | null): Promise<Answer> {
  return runWork(environment, NO_ORIGIN, (tx) => {
    const session = currentSession(tx, sessionId);
    if (session.status !== 'open') {
      return { html: messagePage('Nothing to do here', `This session is ${String(session.status)}.`), status: 410 };
    }
    const { lineItems } = tx.need('checkout_details', sessionId);
    return { html: checkoutPage(session, lineItems, error), status: error === null ? 200 : 402 };
  });
}

async function submit(environment: Environment, { id, form }: Visit): Promise<Answer> {
  const choice: Choice = form.has('provider')
    ? { provider: true }
    : { paymentMethod: form.get('payment_method') ?? '' };
  const step = await runWork(environment, NO_ORIGIN, (tx) => submitCheckout(tx, id, choice));
  if (step.kind === 'declined') return showCheckout(environment, id, step.message);
  return { location: step.kind === 'confirm' ? step.url : successUrl(step.session) };
}

function showConfirmation(environment: Environment, { id, secret }: Visit): Promise<Answer> {
  return runWork(environment, NO_ORIGIN, (tx) => {
    const intent = id.startsWith('seti_') ? tx.need('setup_intents', id) : tx.need('payment_intents', id);
    checkSecret(intent, secret);
    return { html: confirmationPage(intent) };
  });
}

async function confirm(environment: Environment, { id, secret, form }: Visit): Promise<Answer> {
  const approved = form.get('answer') === 'approve';
  const { intent, error, session, before } = await runWork(environment, NO_ORIGIN, (tx) => {
    const before = id.startsWith('seti_') ? tx.need('setup_intents', id) : tx.need('payment_intents', id);
    checkSecret(before, secret);
    return {
      before,
      ...(before.object === 'setup_intent' ? answerSetup(tx, id, approved) : answerPayment(tx, id, approved)),
    };
  });
  if (session !== null)
    return error === null ? { location: successUrl(session) } : showCheckout(environment, session.id, error.message);
  const returnUrl = before.next_action?.redirect_to_url?.return_url;
  if (returnUrl) return { location: withResult(returnUrl, intent, error === null) };
  if (error !== null) return { html: messagePage('The payment did not go through', error.message), status: 402 };
  return { html: messagePage('Confirmed', 'Thank you. You can close this page.') };
}

/** Whoever knows an id only must not confirm a payment. */
function checkSecret(intent: Stripe.PaymentIntent | Stripe.SetupIntent, secret: string | null): void {
  if (secret !== intent.client_secret)
    throw new StripeError(404, { type: 'invalid_request_error', message: 'This link is not complete.' });
}

function successUrl(session: Stripe.Checkout.Session): string {
  return (session.success_url ?? '').replaceAll('{CHECKOUT_SESSION_ID}', session.id);
}

/** Stripe adds these to the return_url. */
function withResult(returnUrl: string, intent: Stripe.PaymentIntent | Stripe.SetupIntent, succeeded: boolean): string {
  const url = new URL(returnUrl);
  url.searchParams.set(intent.object, intent.id);
  url.searchParams.set(`${intent.object}_client_secret`, intent.client_secret ?? '');
  url.searchParams.set('redirect_status', succeeded ? 'succeeded' : 'failed');
  return url.href;
}
