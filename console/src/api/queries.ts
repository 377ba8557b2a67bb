/**
 * Everything that is read, by one key each. Keys of an account begin with ['account', id] and go on with the stream's
 * topic, so that `changed {topics}` makes exactly those lists be read again.
 */
import { queryOptions } from '@tanstack/react-query';
import { utcDay } from '../format/time';
import { api, data, type Schemas } from './client';
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
/** What belongs to no account is told of by no stream: it is asked again from time to time. */
const ADMIN_EVERY_MS = 10_000;
/** Rows of one read of a list. */
const LIMIT = 50;

type ReloadList = paths['/v1/accounts/{id}/reloads']['get']['responses'][200]['content']['application/json'];
export type Reload = ReloadList['data'][number];
export type Attempt = Reload['attempts'][number];

export const reloadsList = (id: string, limit = LIMIT) => ({
  queryKey: [...keys.topic(id, 'reloads'), limit],
  read: (cursor: string | null) =>
    data(api.GET('/v1/accounts/{id}/reloads', { params: { path: { id }, query: page(cursor, limit) } })),
  keyOf: ({ number }: Reload) => number,
});

/** The newest reloads alone. */
export const lastReloadsQuery = (id: string, limit: number) => {
  const { queryKey, read } = reloadsList(id, limit);
  return queryOptions({ queryKey, queryFn: () => read(null) });
};

export const prepaymentsList = (id: string) => ({
  queryKey: keys.topic(id, 'prepayments'),
  read: (cursor: string | null) =>
    data(api.GET('/v1/accounts/{id}/prepayments', { params: { path: { id }, query: page(cursor, LIMIT) } })),
  keyOf: (prepayment: Schemas['Prepayment']) => prepayment.id,
});

export const prepaymentQuery = (id: string, prepaymentId: string) =>
  queryOptions({
    queryKey: [...keys.topic(id, 'prepayments'), 'one', prepaymentId],
    queryFn: () =>
      data(api.GET('/v1/accounts/{id}/prepayments/{prepaymentId}', { params: { path: { id, prepaymentId } } })),
  });

type NoticeList = paths['/v1/accounts/{id}/notices']['get']['responses'][200]['content']['application/json'];
export type Notice = NoticeList['data'][number];

export const noticesList = (id: string, limit = LIMIT) => ({
  queryKey: [...keys.topic(id, 'notices'), limit],
  read: (cursor: string | null) =>
    data(api.GET('/v1/accounts/{id}/notices', { params: { path: { id }, query: page(cursor, limit) } })),
  keyOf: (notice: Notice) => notice.id,
});

/** The newest notices alone. */
export const lastNoticesQuery = (id: string, limit: number) => {
  const { queryKey, read } = noticesList(id, limit);
  return queryOptions({ queryKey, queryFn: () => read(null) });
};

/** Usage of the last days by day and model, today (UTC) included. */
export const usageQuery = (id: string, days: number) => spendQuery(id, days, 'day,model');

/** Spend per day over the last days, today (UTC) included. */
export const dailySpendQuery = (id: string, days: number) => spendQuery(id, days, 'day');

function spendQuery(id: string, days: number, groupBy: 'day' | 'day,model') {
  const now = new Date();
  const range = { from: utcDay(now, days - 1), to: utcDay(now) };
  return queryOptions({
    queryKey: [...keys.topic(id, 'usage'), groupBy, range],
    queryFn: () => data(api.GET('/v1/accounts/{id}/usage', { params: { path: { id }, query: { ...range, groupBy } } })),
  });
}

export type TransactionFilter = { kind?: string; from?: string; to?: string };

export const transactionsList = (id: string, filter: TransactionFilter) => ({
  queryKey: [...keys.topic(id, 'transactions'), filter],
  read: (cursor: string | null) =>
    data(
      api.GET('/v1/accounts/{id}/transactions', {
        params: { path: { id }, query: { ...page(cursor, LIMIT), ...filter } },
      }),
    ),
  keyOf: ({ sequence }: Schemas['Transaction']) => sequence,
});

type EventList =
  paths['/v1/accounts/{id}/transactions/{sequence}/events']['get']['responses'][200]['content']['application/json'];
export type UsageEvent = EventList['data'][number];

/** The usage behind a transaction. */
export const eventsList = (id: string, sequence: number) => ({
  queryKey: [...keys.account(id), 'events', sequence],
  read: (cursor: string | null) =>
    data(
      api.GET('/v1/accounts/{id}/transactions/{sequence}/events', {
        params: { path: { id, sequence }, query: page(cursor, LIMIT) },
      }),
    ),
  keyOf: (event: UsageEvent) => event.id,
});

export type AccountFilter = NonNullable<paths['/v1/accounts']['get']['parameters']['query']>;

/** All accounts, for admins. */
export const accountsList = (filter: AccountFilter) => ({
  queryKey: ['accounts', filter],
  read: (cursor: string | null) =>
    data(api.GET('/v1/accounts', { params: { query: { ...filter, ...page(cursor, LIMIT) } } })),
  keyOf: (account: Schemas['Account']) => account.id,
});

/** Ledger, decisions, attempts and audit of an account in one list. */
export const timelineList = (id: string) => ({
  queryKey: [...keys.topic(id, 'transactions'), 'timeline'],
  read: (cursor: string | null) =>
    data(api.GET('/v1/accounts/{id}/timeline', { params: { path: { id }, query: page(cursor, LIMIT) } })),
  keyOf: (happening: Schemas['Happening']) => happening.id,
});

export const workflowQuery = (id: string) =>
  queryOptions({
    // Whenever its decisions have changed something, what it holds has, too.
    queryKey: [...keys.topic(id, 'auto_reload'), 'workflow'],
    queryFn: () => data(api.GET('/v1/accounts/{id}/workflow', of(id))),
    refetchInterval: ADMIN_EVERY_MS,
  });

export const membersQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'members'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/members', of(id))),
  });

type KeyList = paths['/v1/accounts/{id}/keys']['get']['responses'][200]['content']['application/json'];
export type MemberKey = KeyList['data'][number];

export const keysQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'keys'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/keys', of(id))),
  });

export type WebhookEndpoint = Schemas['WebhookEndpoint'];

export const endpointsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'webhook_endpoints'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/webhook-endpoints', of(id))),
  });

type DeliveryList =
  paths['/v1/accounts/{id}/webhook-endpoints/{eid}/deliveries']['get']['responses'][200]['content']['application/json'];
export type WebhookDelivery = DeliveryList['data'][number];

export const deliveriesList = (id: string, eid: string) => ({
  queryKey: [...keys.topic(id, 'webhook_deliveries'), eid],
  read: (cursor: string | null) =>
    data(
      api.GET('/v1/accounts/{id}/webhook-endpoints/{eid}/deliveries', {
        params: { path: { id, eid }, query: page(cursor, LIMIT) },
      }),
    ),
  keyOf: (delivery: WebhookDelivery) => delivery.id,
});

export type Limit = Schemas['Limit'];
/** What is in use of limits by the minute changes with time alone. */
const LIMITS_EVERY_MS = 15_000;

export const limitsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'limits'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/limits', of(id))),
    refetchInterval: LIMITS_EVERY_MS,
  });

export type LimitRequest = Schemas['LimitRequest'];

export const limitRequestsList = (id: string) => ({
  queryKey: [...keys.topic(id, 'limits'), 'requests'],
  read: (cursor: string | null) =>
    data(api.GET('/v1/accounts/{id}/limit-requests', { params: { path: { id }, query: page(cursor, LIMIT) } })),
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
    data(api.GET('/v1/limit-requests', { params: { query: { ...filter, ...page(cursor, LIMIT) } } })),
  keyOf: (request: LimitRequest) => request.id,
  everyMs: ADMIN_EVERY_MS,
});

type RejectedList = paths['/v1/rejected-usage']['get']['responses'][200]['content']['application/json'];
export type RejectedUsage = RejectedList['data'][number];

/** Usage that was not taken. @param account left out: of all, also of accounts that nobody knows */
export const rejectedUsageList = (account: string | undefined) => ({
  queryKey: ['rejected-usage', account ?? null],
  read: (cursor: string | null) =>
    data(
      api.GET('/v1/rejected-usage', {
        params: { query: { ...(account !== undefined && { account }), ...page(cursor, LIMIT) } },
      }),
    ),
  keyOf: (rejected: RejectedUsage) => rejected.number,
  everyMs: ADMIN_EVERY_MS,
});

export const MODELS = ['models'] as const;
export type Model = Schemas['Model'];
export const modelsQuery = queryOptions({
  queryKey: MODELS,
  queryFn: () => data(api.GET('/v1/models')),
});

export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: () => data(api.GET('/v1/system')),
  refetchInterval: ADMIN_EVERY_MS,
});
