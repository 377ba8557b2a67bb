/** Lists the requests whose workflows are to be started, or told of the decision (L6). */
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
