/** Events of Stripe: whoever can sign may bring news, and every amount is read from Stripe itself (P4). */
import { z } from 'zod';
import { Problem, unavailable } from '../../domain/errors';
import type { PaymentNews } from '../../domain/payment';
import { listKnownEvents } from '../../ledger/payments/listKnownEvents';
import { recordEvent } from '../../ledger/payments/recordEvent';
import { applyEvent } from '../../payments/applyEvent';
import { ok } from '../http/endpoint';
import { endpoint, forPayments, type PaymentServices } from '../services';
import { tellNews } from './tellNews';

/** Events carry one object of Stripe's, which has some kilobytes. */
const EVENT_BYTES_MAX = 512 * 1024;

/** 200 once its effect is durable, so that Stripe sends again what was not: an outage here or there is a 503. */
export const receive = endpoint({
  body: { schema: z.instanceof(Buffer), raw: true, bytesMax: EVENT_BYTES_MAX, refusal: 'webhook_refused' },
  replies: { 200: z.strictObject({ received: z.literal(true) }) },
  uses: [...forPayments, 'stripeWebhookSecrets'],
  refusals: ['webhook_refused', 'payments_unavailable', 'database_unavailable'],
  headers: { 'Stripe-Signature': 'Over the body, by a signing secret of ours.' },
  async handle({ body, header }, services) {
    const { provider, stripeWebhookSecrets, log, clock } = services;
    if (stripeWebhookSecrets.length === 0)
      throw unavailable('payments_unavailable', 'STRIPE_WEBHOOK_SECRET is not set: no event can be verified.');
    const read = provider.readEvent(body, header('stripe-signature'), stripeWebhookSecrets, clock.now());
    if (read.kind === 'refused') throw new Problem('webhook_refused', `This is not taken: ${read.because}.`);
    if (read.kind === 'news') await take(read.news, services);
    else log.debug({ type: read.type }, 'an event of Stripe that is of no use to us');
    return ok({ received: true });
  },
});

/** The record comes after the effect, which a repeat does not repeat. */
async function take(news: PaymentNews, services: PaymentServices): Promise<void> {
  if ((await listKnownEvents(services.pool, [news.eventId])).size > 0) return;
  const applied = await applyEvent(services, news, services.clock.now());
  await recordEvent(services.pool, news, applied);
  await tellNews(applied, services);
}
