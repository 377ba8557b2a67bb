/** Events of Stripe: verified by their signature, reduced to what they are about (P4). */
import Stripe from 'stripe';
import { z } from 'zod';
import type { PaymentNews } from '../domain/payment';
import { idOf } from './looking';

/** Every type that is acted on; docs/payments.md says what each does. All others are taken and ignored. */
export const NEWS_TYPES = [
  'payment_intent.succeeded',
  'payment_intent.canceled',
  'payment_intent.payment_failed',
  'payment_intent.processing',
  'payment_intent.requires_action',
  'charge.refunded',
  'charge.refund.updated',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'checkout.session.completed',
  'checkout.session.expired',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'payment_method.detached',
  'payment_method.updated',
  'payment_method.automatically_updated',
  'customer.deleted',
] as const;

export type ReadEvent =
  | { kind: 'news'; news: PaymentNews }
  /** Genuine, and of no use to us. */
  | { kind: 'ignored'; type: string }
  | { kind: 'refused'; because: string };

/** Dated further from now than this, either way, it is refused: an older one may be a replay, a later one would stay good. */
const AGE_SECONDS_MAX = 300;

/**
 * Verifies the signature over the raw body with any of the secrets: two are in force while one is replaced.
 * @param signature the header `Stripe-Signature`
 * @param nowMs what its age is counted from, by the clock that all processes share
 */
export function readEvent(
  stripe: Stripe,
  body: Buffer,
  signature: string | undefined,
  secrets: readonly string[],
  nowMs: number,
): ReadEvent {
  if (signature !== undefined && signedAtSeconds(signature) > nowMs / 1_000 + AGE_SECONDS_MAX)
    return { kind: 'refused', because: 'it is dated in the future' };
  let because = 'there is no Stripe-Signature';
  for (const secret of signature === undefined ? [] : secrets) {
    try {
      const event = stripe.webhooks.constructEvent(body, signature!, secret, AGE_SECONDS_MAX, undefined, nowMs);
      const news = toNews(event);
      return news ? { kind: 'news', news } : { kind: 'ignored', type: String(event.type) };
    } catch (error) {
      because =
        error instanceof Stripe.errors.StripeSignatureVerificationError
          ? 'its signature does not fit, or it is too old'
          : 'it is signed, but no event';
    }
  }
  return { kind: 'refused', because };
}

/** The SDK looks only at how old a signature is. Without a date it refuses by itself. */
function signedAtSeconds(signature: string): number {
  const [, seconds = '0'] = /(?:^|,)\s*t=(\d+)/.exec(signature) ?? [];
  return Number(seconds);
}

/** Ids of Stripe's: what is none is no event of Stripe's either, and could not be stored. */
const stripeId = z.string().regex(/^[\x21-\x7e]{1,255}$/);
const eventShape = z.object({
  id: stripeId,
  data: z.object({
    object: z.object({
      id: stripeId,
      payment_intent: z.union([stripeId, z.object({ id: stripeId }), z.null()]).optional(),
    }),
  }),
});

/** Null for types that are not acted on. Throws for what is no event. */
export function toNews(event: Stripe.Event): PaymentNews | null {
  if (!(NEWS_TYPES as readonly string[]).includes(event.type)) return null;
  const { type } = event;
  const {
    id: eventId,
    data: { object },
  } = eventShape.parse(event);
  if (type.startsWith('payment_intent.')) return { eventId, type, about: 'intent', paymentIntentId: object.id };
  if (type.startsWith('checkout.session.')) return { eventId, type, about: 'checkout', sessionId: object.id };
  if (type === 'customer.deleted') return { eventId, type, about: 'customer', customerId: object.id };
  if (type.startsWith('payment_method.'))
    return {
      eventId,
      type,
      about: 'method',
      methodId: object.id,
      updatedByNetwork: type === 'payment_method.automatically_updated',
    };
  return { eventId, type, about: 'taken_back', paymentIntentId: idOf(object.payment_intent) };
}
