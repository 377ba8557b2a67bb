// An event: what happened to an object, and who caused it. What a webhook carries.
import type Stripe from 'stripe';
import { newId } from './ids';

export const API_VERSION = '2026-10-28.endive';

/** The request that changed something; null where nobody asked. */
export type Origin = { requestId: string | null; idempotencyKey: string | null };

/** `isOwed`: a webhook endpoint is to be told. */
export type Cause = { nowSeconds: number; isOwed: boolean; origin: Origin };

/** `previous`: the object as it was, for the events that say which attributes changed. */
export function newEvent(type: string, object: object, previous: object | undefined, cause: Cause): Stripe.Event {
  return {
    id: newId('evt'),
    object: 'event',
    api_version: API_VERSION,
    created: cause.nowSeconds,
    data: { object, ...(previous !== undefined && { previous_attributes: changedFrom(previous, object) }) },
    livemode: false,
    pending_webhooks: cause.isOwed ? 1 : 0,
    request: { id: cause.origin.requestId, idempotency_key: cause.origin.idempotencyKey },
    type,
  } as unknown as Stripe.Event;
}

function changedFrom(previous: object, current: object): Record<string, unknown> {
  const now = current as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(previous).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(now[field])),
  );
}
