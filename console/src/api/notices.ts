/** What owners were told. */
import { queryOptions } from '@tanstack/react-query';
import { api, AS_CSV, csv, data, ofAccount } from './client';
import { keys } from './keys';
import { LIMIT, pageOf } from './paged';
import type { paths } from './schema';

type NoticeList = paths['/v1/accounts/{id}/notices']['get']['responses'][200]['content']['application/json'];
export type Notice = NoticeList['data'][number];

export const noticesList = (id: string, limit = LIMIT) => ({
  queryKey: [...keys.topic(id, 'notices'), limit],
  read: (cursor: string | null) => data(api.GET('/v1/accounts/{id}/notices', ofAccount(id, pageOf(cursor, limit)))),
  readCsv: () => csv(api.GET('/v1/accounts/{id}/notices', { ...ofAccount(id), ...AS_CSV })),
  keyOf: (notice: Notice) => notice.id,
});

/** The newest notices alone. */
export const lastNoticesQuery = (id: string, limit: number) => {
  const { queryKey, read } = noticesList(id, limit);
  return queryOptions({ queryKey, queryFn: () => read(null) });
};
