/** Where an owner confirms a payment that the bank has asked to confirm: by a link of ours, without a key (A11, P2). */
import { z } from 'zod';
import { recordAudit } from '../../ledger/audit/audit';
import { readPaymentById, type Payment } from '../../ledger/payments/payments';
import { readConfirmation, type Confirmation } from '../../ledger/payments/readConfirmation';
import { confirmIntent } from '../../stripe/intents';
import type { Outcome } from '../../stripe/outcome';
import { askPage, outcomePage, unknownPage } from './confirmationPage';
import { endpoint, type Reply } from '../http/endpoint';
import { follow, followPayment, type Look } from './followPayment';
import { PRIVATE_PAGE_HEADERS } from '../http/html';
import type { Services } from '../services';

const byToken = z.strictObject({ token: z.string().max(200) });
const html = (status: number, body: string): Reply => ({ status, body, headers: PRIVATE_PAGE_HEADERS });
const seeOther = (url: string): Reply => ({ status: 303, headers: { ...PRIVATE_PAGE_HEADERS, Location: url } });

const NOT_CONFIRMED = 'The last try was not confirmed. Nothing was charged; you can try again.';

/** Shows what is asked, or what has become of it. Mail programs open links by themselves: so this charges nothing. */
export const show = endpoint({
  params: byToken,
  // What the bank's page adds on the way back.
  query: z.object({ redirect_status: z.string().optional() }),
  replies: { 200: null, 404: null },
  async handle({ params, query }, services) {
    const payment = await paymentOf(params.token, services);
    if (!payment) return html(404, unknownPage());
    const look = await followPayment(payment, services);
    return pageFor(look, query.redirect_status === 'failed' ? NOT_CONFIRMED : null, services);
  },
});

/** The owner wants to confirm: on to the bank's page for that same PaymentIntent, or to what has become of it. */
export const begin = endpoint({
  params: byToken,
  replies: { 200: null, 303: null, 404: null },
  async handle({ params }, services) {
    const payment = await paymentOf(params.token, services);
    if (!payment) return html(404, unknownPage());
    const look = await followPayment(payment, services);
    if (!asks(look)) return seeOther(services.links.urlOf(payment.id));
    if (look.outcome.kind === 'requires_action' && look.outcome.url !== null) return seeOther(look.outcome.url);
    return confirm(look.payment, await readConfirmation(services.pool, payment.id), services);
  },
});

async function paymentOf(token: string, { links, pool }: Services): Promise<Payment | null> {
  const paymentId = links.paymentOf(token);
  return paymentId === null ? null : readPaymentById(pool, paymentId);
}

type Asking = Look & { outcome: Outcome };

/** Whether the payment waits for its owner, as far as Stripe says. */
const asks = (look: Look): look is Asking =>
  look.payment.status === 'requires_action' &&
  look.outcome !== null &&
  ['requires_action', 'unpaid', 'declined'].includes(look.outcome.kind);

async function pageFor(look: Look, note: string | null, { pool }: Services): Promise<Reply> {
  const confirmation = await readConfirmation(pool, look.payment.id);
  return html(200, asks(look) ? askPage(look.payment, confirmation, note) : outcomePage(look.payment, confirmation));
}

/** On session, with the method that the bank wants confirmed. Stripe takes one PaymentIntent's money once, whoever confirms. */
async function confirm(payment: Payment, { methodId }: Confirmation, services: Services): Promise<Reply> {
  const { id: paymentId, accountId, paymentIntentId, latestChargeId } = payment;
  const returnUrl = services.links.urlOf(paymentId);
  if (methodId === null || paymentIntentId === null)
    throw new Error(`payment ${paymentId} waits for its owner without a method`);
  await recordAudit(services.pool, accountId, 'whoever has the link', 'payment.confirm', {
    payment: paymentId,
    method: methodId,
  });
  const outcome = await confirmIntent(
    services.stripe,
    { paymentIntentId, methodId, onSession: true, returnUrl, latestChargeId },
    null,
  );
  if (outcome.kind === 'requires_action' && outcome.url !== null) return seeOther(outcome.url);
  if (outcome.kind === 'unknown') {
    services.log[outcome.operator ? 'error' : 'warn'](
      { account: accountId, payment: paymentId, because: outcome.because },
      'an owner could not confirm',
    );
    return pageFor(
      await followPayment(payment, services),
      'Your bank could not be asked just now. Please try again in a while.',
      services,
    );
  }
  const followed = await follow(payment, paymentIntentId, outcome, services);
  return pageFor(
    { payment: followed, outcome },
    outcome.kind === 'declined' ? outcome.message : NOT_CONFIRMED,
    services,
  );
}
