/** What inference has cost by day, and for admins the usage that was not taken. */
import { queryOptions } from '@tanstack/react-query';
import { api, AS_CSV, csv, data, ofAccount } from './client';
import { ADMIN_EVERY_MS, keys } from './keys';
import { pageOf } from './paged';
import type { paths } from './schema';

/** Usage by day and model. @param days UTC days in a row, as `useLastDays` has them */
export const usageQuery = (id: string, days: readonly string[]) => spendQuery(id, days, 'day,model');

/** Spend by day. @param days UTC days in a row, as `useLastDays` has them */
export const dailySpendQuery = (id: string, days: readonly string[]) => spendQuery(id, days, 'day');

function spendQuery(id: string, days: readonly string[], groupBy: 'day' | 'day,model') {
  const range = rangeOf(days);
  return queryOptions({
    queryKey: [...keys.topic(id, 'usage'), groupBy, range],
    queryFn: () => data(api.GET('/v1/accounts/{id}/usage', ofAccount(id, { ...range, groupBy }))),
  });
}

/** Usage by day and model as CSV: the sum of its costs is the total on the screen. */
export const readUsageCsv = (id: string, days: readonly string[]): Promise<Blob> =>
  csv(api.GET('/v1/accounts/{id}/usage', { ...ofAccount(id, { ...rangeOf(days), groupBy: 'day,model' }), ...AS_CSV }));

const rangeOf = (days: readonly string[]) => ({ from: days[0]!, to: days.at(-1)! });

type RejectedList = paths['/v1/rejected-usage']['get']['responses'][200]['content']['application/json'];
export type RejectedUsage = RejectedList['data'][number];

/** Usage that was not taken. @param account left out: of all, also of accounts that nobody knows */
export function rejectedUsageList(account: string | undefined) {
  const filter = account === undefined ? {} : { account };
  return {
    queryKey: ['rejected-usage', filter],
    read: (cursor: string | null) =>
      data(api.GET('/v1/rejected-usage', { params: { query: { ...filter, ...pageOf(cursor) } } })),
    readCsv: () => csv(api.GET('/v1/rejected-usage', { params: { query: filter }, ...AS_CSV })),
    keyOf: (rejected: RejectedUsage) => rejected.number,
    everyMs: ADMIN_EVERY_MS,
  };
}
