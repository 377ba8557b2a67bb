/** Pages of what has happened at Stripe, newest first, for reconciliation (P6). */
import Stripe from 'stripe';
import type { PaymentNews, SeenIntent } from '../domain/payment';
import type { Claims } from './claims';
import { toSeenIntent } from './intents';
import { NEWS_TYPES, toNews } from './news';
import { ACCOUNT_CLAIM, found, PAYMENT_CLAIM } from './looking';

/** `next` reads on; null after the last page. */
export type Page<T> = { items: T[]; next: string | null };

const PAGE = 100;
const TIMEOUT_MS = 10_000;

/** Stripe takes so many types in one question. */
const TYPES_MAX = 20;

/**
 * Events since a time, of all types that are acted on: one group of types after the other. Stripe keeps events for 30 days.
 * @param after a `next` of this list: the group, and the last event that was seen of it
 */
export async function listNews(stripe: Stripe, sinceMs: number, after: string | null): Promise<Page<PaymentNews>> {
  const { group, eventId } = toPlace(after);
  const { data, has_more: more } = await stripe.events.list(
    {
      types: NEWS_TYPES.slice(group * TYPES_MAX, (group + 1) * TYPES_MAX),
      created: { gte: Math.floor(sinceMs / 1_000) },
      limit: PAGE,
      ...(eventId !== null && { starting_after: eventId }),
    },
    { timeout: TIMEOUT_MS },
  );
  const isLastGroup = (group + 1) * TYPES_MAX >= NEWS_TYPES.length;
  return {
    items: data.map(toNews).filter((news) => news !== null),
    next: more ? `${group}/${data.at(-1)!.id}` : isLastGroup ? null : `${group + 1}/`,
  };
}

/** A run that an earlier release began carries the id of an event, without a group: of the first, which was the only one. */
function toPlace(after: string | null): { group: number; eventId: string | null } {
  const [, group = '0', eventId = after ?? ''] = /^(\d+)\/(.*)$/.exec(after ?? '') ?? [];
  return { group: Number(group), eventId: eventId === '' ? null : eventId };
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

/** So many of a customer's payments are looked at in the first question: mostly nothing is lost, and it is the last. */
const CUSTOMERS_PAGE = 20;

/** The customer's PaymentIntents, newest first. What was made a moment ago is in this list; in Stripe's search it may not be. */
export async function listIntents(
  stripe: Stripe,
  claims: Claims,
  customerId: string,
  after: string | null,
): Promise<Page<SeenIntent>> {
  const page = await found(
    stripe.paymentIntents.list(
      {
        customer: customerId,
        limit: after === null ? CUSTOMERS_PAGE : PAGE,
        expand: ['data.latest_charge'],
        ...(after !== null && { starting_after: after }),
      },
      { timeout: TIMEOUT_MS },
    ),
  );
  // Of a customer that is not there (any more) nothing is lost.
  if (page === null) return { items: [], next: null };
  const { data, has_more: more } = page;
  return { items: data.map((intent) => toSeenIntent(intent, claims, null)), next: more ? data.at(-1)!.id : null };
}

/**
 * The account's PaymentIntents, signed by Ballast, under whatever customer; in no order. Stripe's search shows what is
 * older than a minute. Null where Stripe offers no search, as to merchants in India (docs.stripe.com/search).
 * @param accountId of letters, digits, `_` and `-`
 */
export async function searchIntents(
  stripe: Stripe,
  claims: Claims,
  accountId: string,
  after: string | null,
): Promise<Page<SeenIntent> | null> {
  try {
    const { data, next_page: next } = await stripe.paymentIntents.search(
      {
        query: `metadata["${ACCOUNT_CLAIM}"]:"${accountId}"`,
        limit: PAGE,
        expand: ['data.latest_charge'],
        ...(after !== null && { page: after }),
      },
      { timeout: TIMEOUT_MS },
    );
    const items = data.map((intent) => toSeenIntent(intent, claims, null));
    // A search does not tell capital letters from small ones.
    return { items: items.filter(({ claim }) => claim?.accountId === accountId), next };
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError) return null;
    throw error;
  }
}
