// The hosted pages: Checkout, the owner's confirmation, receipts, and a list of the newest payments.
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type Stripe from 'stripe';
import { answerPayment, answerSetup, submitCheckout, type Choice } from './checkoutCompletion';
import { currentSession } from './checkoutSessions';
import { StripeError } from './errors';
import { checkoutPage, confirmationPage, messagePage, paymentsPage, receiptPage } from './pageContents';
import { runWork, type Environment, type Transaction } from './transaction';

type Answer = { html: string; status?: number } | { location: string };

const NO_ORIGIN = { requestId: null, idempotencyKey: null };
const SHOWN_MAX = 30;

type Page = (environment: Environment, visit: Visit) => Promise<Answer>;

const pages: [method: 'get' | 'post', pattern: string, page: Page][] = [
  ['get', '/', showPayments],
  ['get', '/checkout/:id', (environment, { id }) => showCheckout(environment, id, null)],
  ['post', '/checkout/:id', submit],
  ['get', '/confirm/:id', showConfirmation],
  ['post', '/confirm/:id', confirm],
  ['get', '/receipts/:id', showReceipt],
];

export function createPages(environment: Environment): Router {
  const router = express.Router();
  for (const [method, pattern, page] of pages) {
    router[method](pattern, async (request: Request, response: Response) => {
      const form = new URLSearchParams((request.body as string | undefined) ?? '');
      const secret = form.get('client_secret') ?? new URLSearchParams(request.url.split('?')[1]).get('client_secret');
      const answer = await page(environment, { id: String(request.params.id ?? ''), form, secret });
      // After a form, the browser goes on with a GET.
      if ('location' in answer) response.redirect(303, answer.location);
      else response.status(answer.status ?? 200).send(answer.html);
    });
  }
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof StripeError)) return next(error);
    response.status(error.status).send(messagePage('This page cannot be shown', error.message));
  });
  return router;
}

type Visit = { id: string; form: URLSearchParams; secret: string | null };

function showPayments(environment: Environment): Promise<Answer> {
  return runWork(environment, NO_ORIGIN, async () => {
    const newest = await environment.store.list('payment_intents', {}, SHOWN_MAX);
    return { html: paymentsPage(newest.map(({ value }) => value)) };
  });
}

function showReceipt(environment: Environment, { id }: Visit): Promise<Answer> {
  return runWork(environment, NO_ORIGIN, async (tx) => ({ html: receiptPage(await tx.need('charges', id)) }));
}

function showCheckout(environment: Environment, sessionId: string, error: string | null): Promise<Answer> {
  return runWork(environment, NO_ORIGIN, async (tx) => {
    const session = await currentSession(tx, sessionId);
    if (session.status !== 'open') {
      return { html: messagePage('Nothing to do here', `This session is ${String(session.status)}.`), status: 410 };
    }
    const { lineItems } = await tx.need('checkout_details', sessionId);
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
  return runWork(environment, NO_ORIGIN, async (tx) => {
    const intent = await intentOf(tx, id);
    checkSecret(intent, secret);
    return { html: confirmationPage(intent) };
  });
}

async function confirm(environment: Environment, { id, secret, form }: Visit): Promise<Answer> {
  const approved = form.get('answer') === 'approve';
  const { intent, error, session, before } = await runWork(environment, NO_ORIGIN, async (tx) => {
    const before = await intentOf(tx, id);
    checkSecret(before, secret);
    return {
      before,
      ...(await (before.object === 'setup_intent' ? answerSetup(tx, id, approved) : answerPayment(tx, id, approved))),
    };
  });
  if (session !== null)
    return error === null ? { location: successUrl(session) } : showCheckout(environment, session.id, error.message);
  const returnUrl = before.next_action?.redirect_to_url?.return_url;
  if (returnUrl) return { location: withResult(returnUrl, intent, error === null) };
  if (error !== null) return { html: messagePage('The payment did not go through', error.message), status: 402 };
  return { html: messagePage('Confirmed', 'Thank you. You can close this page.') };
}

function intentOf(tx: Transaction, id: string): Promise<Stripe.PaymentIntent | Stripe.SetupIntent> {
  return id.startsWith('seti_') ? tx.need('setup_intents', id) : tx.need('payment_intents', id);
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
