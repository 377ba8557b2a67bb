/** Where an owner confirms a payment that the bank has asked to confirm: by a link of ours, without a key (A11, P2). */
import { z } from 'zod';
import type { Payment } from '../../ledger/payments/payment';
import { readConfirmation } from '../../ledger/payments/readConfirmation';
import { readPaymentById } from '../../ledger/payments/readPaymentById';
import { asksOwner, confirm } from '../../payments/confirm';
import type { Look } from '../../payments/syncPayment';
import { askPage, outcomePage, unknownPage } from './confirmationPage';
import { type Reply } from '../http/endpoint';
import { PRIVATE_PAGE_HEADERS } from '../http/html';
import { lookAtPayment } from './lookAtPayment';
import { endpoint, forPayments, type Uses } from '../services';
import { tellNews } from './tellNews';

const byToken = z.strictObject({ token: z.string().max(200) });
const html = (status: number, body: string): Reply => ({ status, body, headers: PRIVATE_PAGE_HEADERS });
const seeOther = (url: string): Reply => ({ status: 303, headers: { ...PRIVATE_PAGE_HEADERS, Location: url } });

const NOT_CONFIRMED = 'The last try was not confirmed. Nothing was charged; you can try again.';
const NOT_ASKED = 'Your bank could not be asked just now. Please try again in a while.';

/** Shows what is asked, or what has become of it. Mail programs open links by themselves: so this charges nothing. */
export const show = endpoint({
  params: byToken,
  // What the bank's page adds on the way back.
  query: z.object({ redirect_status: z.string().optional() }),
  replies: { 200: null, 404: null },
  uses: [...forPayments, 'links'],
  refusals: ['database_unavailable'],
  texts: { 200: ['text/html'], 404: ['text/html'] },
  async handle({ params, query }, services) {
    const payment = await paymentOf(params.token, services);
    if (!payment) return html(404, unknownPage());
    const look = await lookAtPayment(payment, services);
    return pageFor(look, query.redirect_status === 'failed' ? NOT_CONFIRMED : null, services);
  },
});

/** The owner wants to confirm: on to the bank's page for that same PaymentIntent, or to what has become of it. */
export const begin = endpoint({
  params: byToken,
  replies: { 200: null, 303: null, 404: null },
  uses: [...forPayments, 'links'],
  refusals: ['database_unavailable'],
  texts: { 200: ['text/html'], 404: ['text/html'] },
  async handle({ params }, services) {
    const payment = await paymentOf(params.token, services);
    if (!payment) return html(404, unknownPage());
    const confirming = await confirm(services, payment, services.clock.now());
    if (confirming.kind === 'bank') return seeOther(confirming.url);
    await tellNews(confirming.look.news, services);
    switch (confirming.kind) {
      case 'over':
        return seeOther(services.links.urlOf(payment.id));
      case 'unknown':
        return pageFor(confirming.look, NOT_ASKED, services);
      case 'answered':
        return pageFor(confirming.look, confirming.declined ?? NOT_CONFIRMED, services);
    }
  },
});

async function paymentOf(token: string, { links, pool }: Uses<'links' | 'pool'>): Promise<Payment | null> {
  const paymentId = links.paymentOf(token);
  return paymentId === null ? null : readPaymentById(pool, paymentId);
}

async function pageFor(look: Look, note: string | null, { pool }: Uses<'pool'>): Promise<Reply> {
  const confirmation = await readConfirmation(pool, look.payment.id);
  return html(
    200,
    asksOwner(look) ? askPage(look.payment, confirmation, note) : outcomePage(look.payment, confirmation),
  );
}
