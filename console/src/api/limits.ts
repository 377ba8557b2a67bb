/** An account's limits, and requests for higher ones. */
import { queryOptions } from '@tanstack/react-query';
import { api, AS_CSV, csv, data, ofAccount, type Schemas } from './client';
import { ADMIN_EVERY_MS, keys } from './keys';
import { pageOf } from './paged';
import type { paths } from './schema';

export type Limit = Schemas['Limit'];
/** What is in use of limits by the minute changes with time alone. */
const LIMITS_EVERY_MS = 15_000;

export const limitsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'limits'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/limits', ofAccount(id))),
    refetchInterval: LIMITS_EVERY_MS,
  });

export type LimitRequest = Schemas['LimitRequest'];

export const limitRequestsList = (id: string) => ({
  queryKey: [...keys.topic(id, 'limits'), 'requests'],
  read: (cursor: string | null) => data(api.GET('/v1/accounts/{id}/limit-requests', ofAccount(id, pageOf(cursor)))),
  readCsv: () => csv(api.GET('/v1/accounts/{id}/limit-requests', { ...ofAccount(id), ...AS_CSV })),
  keyOf: (request: LimitRequest) => request.id,
});

export const ALL_LIMIT_REQUESTS = ['limit-requests'] as const;
export type LimitRequestFilter = Pick<
  NonNullable<paths['/v1/limit-requests']['get']['parameters']['query']>,
  'status' | 'account'
>;

export const allLimitRequestsList = (filter: LimitRequestFilter) => ({
  queryKey: [...ALL_LIMIT_REQUESTS, filter],
  read: (cursor: string | null) =>
    data(api.GET('/v1/limit-requests', { params: { query: { ...filter, ...pageOf(cursor) } } })),
  readCsv: () => csv(api.GET('/v1/limit-requests', { params: { query: filter }, ...AS_CSV })),
  keyOf: (request: LimitRequest) => request.id,
  everyMs: ADMIN_EVERY_MS,
});
