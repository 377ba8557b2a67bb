/** Accounts: one of them, and for admins all of them, what has happened to one, and its workflow. */
import { queryOptions } from '@tanstack/react-query';
import { api, AS_CSV, csv, data, ofAccount, type Schemas } from './client';
import { ADMIN_EVERY_MS, keys, TIMELINE } from './keys';
import { pageOf } from './paged';
import type { paths } from './schema';

export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.account(id), 'account'],
    queryFn: () => data(api.GET('/v1/accounts/{id}', ofAccount(id))),
  });

export type AccountFilter = NonNullable<paths['/v1/accounts']['get']['parameters']['query']>;

/** All accounts, for admins. */
export const accountsList = (filter: AccountFilter) => ({
  queryKey: ['accounts', filter],
  read: (cursor: string | null) =>
    data(api.GET('/v1/accounts', { params: { query: { ...filter, ...pageOf(cursor) } } })),
  readCsv: () => csv(api.GET('/v1/accounts', { params: { query: filter }, ...AS_CSV })),
  keyOf: (account: Schemas['Account']) => account.id,
  everyMs: ADMIN_EVERY_MS,
});

/** Ledger, decisions, attempts and audit of an account in one list. */
export const timelineList = (id: string) => ({
  queryKey: keys.topic(id, TIMELINE),
  read: (cursor: string | null) => data(api.GET('/v1/accounts/{id}/timeline', ofAccount(id, pageOf(cursor)))),
  readCsv: () => csv(api.GET('/v1/accounts/{id}/timeline', { ...ofAccount(id), ...AS_CSV })),
  keyOf: (happening: Schemas['Happening']) => happening.id,
});

export const workflowQuery = (id: string) =>
  queryOptions({
    // Whenever its decisions have changed something, what it holds has, too.
    queryKey: [...keys.topic(id, 'auto_reload'), 'workflow'],
    queryFn: () => data(api.GET('/v1/accounts/{id}/workflow', ofAccount(id))),
    refetchInterval: ADMIN_EVERY_MS,
  });
