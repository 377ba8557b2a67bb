/** What is reached, what lags, and what waits. */
import { queryOptions } from '@tanstack/react-query';
import { api, data } from './client';
import { ADMIN_EVERY_MS } from './keys';

export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: () => data(api.GET('/v1/system')),
  refetchInterval: ADMIN_EVERY_MS,
});
