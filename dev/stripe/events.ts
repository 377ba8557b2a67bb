// Events as API resources: list, retrieve.
import { z } from 'zod';
import { listObjects, listParams } from './lists';
import { parseParams } from './params';
import type { ApiRequest } from './apiRequest';
import type { Transaction } from './transaction';

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
