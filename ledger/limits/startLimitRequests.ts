/** Which requests' workflows are to be started, or told of the decision (L6). */
import type { Db } from '../db';

export type LimitRequestToStart = { id: string; isDecided: boolean };

/** Due the longest first. A request comes again until its workflow has ended: Temporal may have lost it (O4). */
export async function listLimitRequestsToStart(db: Db, limit: number): Promise<LimitRequestToStart[]> {
  const { rows } = await db.query<LimitRequestToStart>({
    name: 'limit-requests-to-start',
    text: `select id, status <> 'pending' as "isDecided" from limit_requests
           where ended_at is null and start_at <= clock_timestamp() order by start_at limit $1`,
    values: [limit],
  });
  return rows;
}

/** Puts them off, each by so many seconds. A decision that came since the list was read stays due. */
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
