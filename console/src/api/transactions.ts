/** The ledger of an account, the usage behind a line of it, and why what was decided was decided. */
import { queryOptions } from '@tanstack/react-query';
import { api, AS_CSV, csv, data, ofAccount, type Schemas } from './client';
import { keys } from './keys';
import { pageOf } from './paged';
import type { paths } from './schema';

export type TransactionFilter = { kind?: string; from?: string; to?: string };

export const transactionsList = (id: string, filter: TransactionFilter) => ({
  queryKey: [...keys.topic(id, 'transactions'), filter],
  read: (cursor: string | null) =>
    data(api.GET('/v1/accounts/{id}/transactions', ofAccount(id, { ...filter, ...pageOf(cursor) }))),
  readCsv: () => csv(api.GET('/v1/accounts/{id}/transactions', { ...ofAccount(id, filter), ...AS_CSV })),
  keyOf: ({ sequence }: Schemas['Transaction']) => sequence,
});

/** The newest transaction alone; none: no money has ever moved. */
export const newestTransactionQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.topic(id, 'transactions'), 'newest'],
    queryFn: () => data(api.GET('/v1/accounts/{id}/transactions', ofAccount(id, { limit: 1 }))),
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
        params: { path: { id, sequence }, query: pageOf(cursor) },
      }),
    ),
  readCsv: () =>
    csv(api.GET('/v1/accounts/{id}/transactions/{sequence}/events', { params: { path: { id, sequence } }, ...AS_CSV })),
  keyOf: (event: UsageEvent) => event.id,
});

type DecisionList = paths['/v1/accounts/{id}/decisions']['get']['responses'][200]['content']['application/json'];
export type Decision = DecisionList['data'][number];

/** What was decided about the account's money and access, and why (A15). */
export const decisionsList = (id: string) => ({
  queryKey: keys.topic(id, 'decisions'),
  read: (cursor: string | null) => data(api.GET('/v1/accounts/{id}/decisions', ofAccount(id, pageOf(cursor)))),
  readCsv: () => csv(api.GET('/v1/accounts/{id}/decisions', { ...ofAccount(id), ...AS_CSV })),
  keyOf: ({ at, kind, because }: Decision) => `${at} ${kind} ${because}`,
});

/** A charge, by the reload that made it or by the line of the ledger that it left. */
export type Charge = { reload: number } | { transaction: number };

/** What was decided about one charge, the newest first. */
export const whyQuery = (id: string, charge: Charge) =>
  queryOptions({
    queryKey: [...keys.topic(id, 'decisions'), charge],
    queryFn: () => data(api.GET('/v1/accounts/{id}/decisions', ofAccount(id, charge))),
  });
