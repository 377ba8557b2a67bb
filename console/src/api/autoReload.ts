/** Auto-reload: its settings and state, and the reloads that it made or tried. */
import { queryOptions } from '@tanstack/react-query';
import { api, AS_CSV, csv, data, ofAccount } from './client';
import { keys } from './keys';
import { LIMIT, pageOf } from './paged';
import type { paths } from './schema';

export const autoReloadQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'auto_reload'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/auto-reload', ofAccount(id))),
  });

type ReloadList = paths['/v1/accounts/{id}/reloads']['get']['responses'][200]['content']['application/json'];
export type Reload = ReloadList['data'][number];
export type Attempt = Reload['attempts'][number];

export const reloadsList = (id: string, limit = LIMIT) => ({
  queryKey: [...keys.topic(id, 'reloads'), limit],
  read: (cursor: string | null) => data(api.GET('/v1/accounts/{id}/reloads', ofAccount(id, pageOf(cursor, limit)))),
  readCsv: () => csv(api.GET('/v1/accounts/{id}/reloads', { ...ofAccount(id), ...AS_CSV })),
  keyOf: ({ number }: Reload) => number,
});

/** The newest reloads alone. */
export const lastReloadsQuery = (id: string, limit: number) => {
  const { queryKey, read } = reloadsList(id, limit);
  return queryOptions({ queryKey, queryFn: () => read(null) });
};
