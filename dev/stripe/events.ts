// Events: what happened to an object, as a list to page through and as the content of webhooks.
import type Stripe from 'stripe';
import { z } from 'zod';
import { newId } from './ids';
import { listObjects, listParams } from './lists';
import { parseParams } from './params';
import type { ApiRequest } from './apiRequest';
import type { Transaction } from './transaction';

export const API_VERSION = '2026-10-28.endive';

/** `previous`: the object as it was, for the events that say which attributes changed. */
export function newEvent(type: string, object: object, previous: object | undefined, tx: Transaction): Stripe.Event {
  return {
    id: newId('evt'),
    object: 'event',
    api_version: API_VERSION,
    created: tx.now,
    data: { object, ...(previous !== undefined && { previous_attributes: changedFrom(previous, object) }) },
    livemode: false,
    pending_webhooks: tx.environment.webhooks.hasTarget() ? 1 : 0,
    request: { id: tx.origin.requestId, idempotency_key: tx.origin.idempotencyKey },
    type,
  } as unknown as Stripe.Event;
}

function changedFrom(previous: object, current: object): Record<string, unknown> {
  const now = current as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(previous).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(now[field])),
  );
}

const listEventsParams = z.strictObject({
  ...listParams,
  type: z.string().optional(),
  types: z.array(z.string()).max(20).optional(),
  delivery_success: z.unknown().optional(),
});

export async function listEvents(tx: Transaction, request: ApiRequest): Promise<object> {
  const params = parseParams(listEventsParams, request.params);
  const wanted = params.types ?? (params.type === undefined ? undefined : [params.type]);
  return listObjects(tx, 'events', request.path, params, {
    keep: (event) => wanted === undefined || wanted.some((type) => matches(type, event.type)),
  });
}

/** `charge.*` and `*` stand for all types that begin so. */
function matches(pattern: string, type: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

export async function retrieveEvent(tx: Transaction, request: ApiRequest): Promise<object> {
  parseParams(z.strictObject({}), request.params);
  return tx.need('events', request.ids[0] as string);
}
