/**
 * Everything that is read, by one key each. Keys of an account begin with ['account', id] and go on with the stream's
 * topic, so that `changed {topics}` makes exactly those lists be read again.
 */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { utcDay } from '../format/time';
import { api, data } from './client';
import type { paths } from './schema';

const of = (id: string) => ({ params: { path: { id } } });

export const keys = {
  session: ['session'] as const,
  account: (id: string) => ['account', id] as const,
  topic: (id: string, topic: string) => ['account', id, topic] as const,
};

export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.account(id), 'account'],
    queryFn: () => data(api.GET('/v1/accounts/{id}', of(id))),
  });

export const autoReloadQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'auto_reload'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/auto-reload', of(id))),
  });

export const methodsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'payment_methods'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/payment-methods', of(id))),
  });

const page = (cursor: string | null, limit: number) => ({ limit, ...(cursor !== null && { cursor }) });

type ReloadList = paths['/v1/accounts/{id}/reloads']['get']['responses'][200]['content']['application/json'];
export type Reload = ReloadList['data'][number];

export const reloadsQuery = (id: string, limit = 50) =>
  infiniteQueryOptions({
    queryKey: [...keys.topic(id, 'reloads'), limit],
    queryFn: ({ pageParam }) =>
      data(api.GET('/v1/accounts/{id}/reloads', { params: { path: { id }, query: page(pageParam, limit) } })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });

export const prepaymentsQuery = (id: string, limit = 50) =>
  infiniteQueryOptions({
    queryKey: [...keys.topic(id, 'prepayments'), limit],
    queryFn: ({ pageParam }) =>
      data(api.GET('/v1/accounts/{id}/prepayments', { params: { path: { id }, query: page(pageParam, limit) } })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });

export const noticesQuery = (id: string, limit = 5) =>
  queryOptions({
    queryKey: [...keys.topic(id, 'notices'), limit],
    queryFn: () => data(api.GET('/v1/accounts/{id}/notices', { params: { path: { id }, query: { limit } } })),
  });

/** Usage of the last days by day and model, today (UTC) included. */
export const usageQuery = (id: string, days: number) => {
  const now = new Date();
  const range = { from: utcDay(now, days - 1), to: utcDay(now) };
  return queryOptions({
    queryKey: [...keys.topic(id, 'usage'), 'day,model', range],
    queryFn: () =>
      data(api.GET('/v1/accounts/{id}/usage', { params: { path: { id }, query: { ...range, groupBy: 'day,model' } } })),
  });
};

export type TransactionFilter = { kind?: string; from?: string; to?: string };

export const transactionsQuery = (id: string, filter: TransactionFilter, limit = 50) =>
  infiniteQueryOptions({
    queryKey: [...keys.topic(id, 'transactions'), filter, limit],
    queryFn: ({ pageParam }) =>
      data(
        api.GET('/v1/accounts/{id}/transactions', {
          params: { path: { id }, query: { ...page(pageParam, limit), ...filter } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });

export type AccountFilter = NonNullable<paths['/v1/accounts']['get']['parameters']['query']>;

/** All accounts, for admins. */
export const accountsQuery = (filter: AccountFilter, limit = 50) =>
  infiniteQueryOptions({
    queryKey: ['accounts', filter, limit],
    queryFn: ({ pageParam }) =>
      data(api.GET('/v1/accounts', { params: { query: { ...filter, ...page(pageParam, limit) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
  });

/** Ledger, decisions, attempts and audit of an account in one list. */
export const timelineQuery = (id: string, limit = 50) =>
  infiniteQueryOptions({
    queryKey: [...keys.topic(id, 'transactions'), 'timeline', limit],
    queryFn: ({ pageParam }) =>
      data(api.GET('/v1/accounts/{id}/timeline', { params: { path: { id }, query: page(pageParam, limit) } })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });

export const workflowQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'workflow'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/workflow', of(id))),
  });

/** The usage behind a transaction. */
export const eventsQuery = (id: string, sequence: number, limit = 50) =>
  infiniteQueryOptions({
    queryKey: ['account', id, 'events', sequence, limit],
    queryFn: ({ pageParam }) =>
      data(
        api.GET('/v1/accounts/{id}/transactions/{sequence}/events', {
          params: { path: { id, sequence }, query: page(pageParam, limit) },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });

/** Spend per day over the last days, today (UTC) included. */
export const dailySpendQuery = (id: string, days: number) => {
  const now = new Date();
  const range = { from: utcDay(now, days - 1), to: utcDay(now) };
  return queryOptions({
    queryKey: [...keys.topic(id, 'usage'), 'day', range],
    queryFn: () =>
      data(api.GET('/v1/accounts/{id}/usage', { params: { path: { id }, query: { ...range, groupBy: 'day' } } })),
  });
};
