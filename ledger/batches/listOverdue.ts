/** Jobs that reserve something although they may not any more (L4). */
import type { Db } from '../db';
import { OPEN_STATUSES } from './batch';

/** Whose window has ended so long ago and that are not closed, and those that were closed before that gave back; but for some. */
export async function listOverdue(
  db: Db,
  { graceSeconds, limit, except }: { graceSeconds: number; limit: number; except: readonly string[] },
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from batches where status in ${OPEN_STATUSES}
       and case when closed then held_nano > 0 or reserved_tokens > 0
                else expires_at <= clock_timestamp() - make_interval(secs => $1) end
       and id <> all($3)
     order by expires_at limit $2`,
    [graceSeconds, limit, except],
  );
  return rows.map(({ id }) => id);
}
