/** Puts off when requests' workflows are started, or told, again (L6). */
import type { Db } from '../db';
import type { LimitRequestToStart } from './listLimitRequestsToStart';

/** Each by so many seconds. A decision that came since the list was read stays due. */
export async function postponeLimitRequests(
  db: Db,
  requests: readonly LimitRequestToStart[],
  seconds: { pending: number; decided: number },
): Promise<void> {
  await db.query({
    name: 'limit-requests-postponed',
    text: `update limit_requests q set start_at = clock_timestamp()
             + make_interval(secs => case when s.is_decided then $4::float8 else $3::float8 end)
           from unnest($1::uuid[], $2::boolean[]) s(id, is_decided)
           where q.id = s.id and (q.status <> 'pending') = s.is_decided`,
    values: [
      requests.map(({ id }) => id),
      requests.map(({ isDecided }) => isDecided),
      seconds.pending,
      seconds.decided,
    ],
  });
}
