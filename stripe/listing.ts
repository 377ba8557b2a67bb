/** Pages of what has happened at Stripe, newest first, for reconciliation (P6). */
import type Stripe from 'stripe';
import type { PaymentNews } from '../domain/payment';
import { NEWS_TYPES, toNews } from './news';
import { PAYMENT_CLAIM } from './provider';

/** `next` reads on; null after the last page. */
export type Page<T> = { items: T[]; next: string | null };

const PAGE = 100;
const TIMEOUT_MS = 10_000;

/** Events since a time. Stripe keeps them for 30 days. */
export async function listNews(stripe: Stripe, sinceMs: number, after: string | null): Promise<Page<PaymentNews>> {
  const { data, has_more: more } = await stripe.events.list(
    {
      types: [...NEWS_TYPES],
      created: { gte: Math.floor(sinceMs / 1_000) },
      limit: PAGE,
      ...(after !== null && { starting_after: after }),
    },
    { timeout: TIMEOUT_MS },
  );
  return { items: data.map(toNews).filter((news) => news !== null), next: more ? data.at(-1)!.id : null };
}

/** Every PaymentIntent there is that says it is ours. */
export async function listOurIntents(stripe: Stripe, after: string | null): Promise<Page<string>> {
  const { data, has_more: more } = await stripe.paymentIntents.list(
    { limit: PAGE, ...(after !== null && { starting_after: after }) },
    { timeout: TIMEOUT_MS },
  );
  return {
    items: data.filter(({ metadata }) => metadata[PAYMENT_CLAIM] !== undefined).map(({ id }) => id),
    next: more ? data.at(-1)!.id : null,
  };
}
