/** Events of Stripe: whoever can sign may bring news, and every amount is read from Stripe itself (P4). */
import { z } from 'zod';
import { Problem, unavailable } from '../../domain/errors';
import type { PaymentNews } from '../../domain/payment';
import type { FoldedNews } from '../../ledger/payments/foldIntent';
import { foldNews } from '../../ledger/payments/foldNews';
import { knownEvents, recordEvent } from '../../ledger/payments/stripeEvents';
import { readEvent } from '../../stripe/news';
import { createProvider } from '../../stripe/provider';
import { paymentMethodsChangedSignal, paymentSettledSignal } from '../../workflows/messages';
import { endpoint, ok } from '../http/endpoint';
import type { Services } from '../services';

/** Events carry one object of Stripe's, which has some kilobytes. */
const EVENT_BYTES_MAX = 512 * 1024;

/** 200 once its effect is durable, so that Stripe sends again what was not: an outage here or there is a 503. */
export const receive = endpoint({
  body: { schema: z.instanceof(Buffer), raw: true, bytesMax: EVENT_BYTES_MAX, refusal: 'webhook_refused' },
  replies: { 200: z.strictObject({ received: z.literal(true) }) },
  async handle({ body, header }, services) {
    const { stripe, stripeWebhookSecrets, log } = services;
    if (stripeWebhookSecrets.length === 0)
      throw unavailable('payments_unavailable', 'STRIPE_WEBHOOK_SECRET is not set: no event can be verified.');
    const read = readEvent(stripe, body, header('stripe-signature'), stripeWebhookSecrets);
    if (read.kind === 'refused') throw new Problem('webhook_refused', `This is not taken: ${read.because}.`);
    if (read.kind === 'news') await take(read.news, services);
    else log.debug({ type: read.type }, 'an event of Stripe that is of no use to us');
    return ok({ received: true });
  },
});

async function take(news: PaymentNews, services: Services): Promise<void> {
  const { pool, stripe, policy, log } = services;
  if ((await knownEvents(pool, [news.eventId])).size > 0) return;
  const folded = await foldNews({ pool, provider: createProvider(stripe), policy }, news, Date.now());
  if (folded.alarm !== undefined)
    log.error(
      { event: news.eventId, account: folded.accountId, because: folded.alarm },
      'a payment was set aside: an operator must look at it',
    );
  await recordEvent(pool, news, folded);
  await tell(folded, services);
}

/** Sooner than by the relay and the feed, which bring it in any case. */
async function tell({ accountId, methodsChanged }: FoldedNews, { gates, signals }: Services): Promise<void> {
  if (accountId === null) return;
  signals.tell(accountId, methodsChanged ? paymentMethodsChangedSignal : paymentSettledSignal);
  await gates.look(accountId);
}
