/** Where an account's notices go as webhooks, and what was sent there. */
import { queryOptions } from '@tanstack/react-query';
import { api, AS_CSV, csv, data, ofAccount, type Schemas } from './client';
import { keys } from './keys';
import { pageOf } from './paged';
import type { paths } from './schema';

export type WebhookEndpoint = Schemas['WebhookEndpoint'];

export const endpointsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'webhook_endpoints'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/webhook-endpoints', ofAccount(id))),
  });

type DeliveryList =
  paths['/v1/accounts/{id}/webhook-endpoints/{eid}/deliveries']['get']['responses'][200]['content']['application/json'];
export type WebhookDelivery = DeliveryList['data'][number];

export const deliveriesList = (id: string, eid: string) => ({
  queryKey: [...keys.topic(id, 'webhook_deliveries'), eid],
  read: (cursor: string | null) =>
    data(
      api.GET('/v1/accounts/{id}/webhook-endpoints/{eid}/deliveries', {
        params: { path: { id, eid }, query: pageOf(cursor) },
      }),
    ),
  readCsv: () =>
    csv(api.GET('/v1/accounts/{id}/webhook-endpoints/{eid}/deliveries', { params: { path: { id, eid } }, ...AS_CSV })),
  keyOf: (delivery: WebhookDelivery) => delivery.id,
});
