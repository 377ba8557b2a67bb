/** Who belongs to an account, and their keys. */
import { queryOptions } from '@tanstack/react-query';
import { api, data, ofAccount } from './client';
import { keys } from './keys';
import type { paths } from './schema';

export const membersQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'members'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/members', ofAccount(id))),
  });

type KeyList = paths['/v1/accounts/{id}/keys']['get']['responses'][200]['content']['application/json'];
export type MemberKey = KeyList['data'][number];

export const keysQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'keys'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/keys', ofAccount(id))),
  });
