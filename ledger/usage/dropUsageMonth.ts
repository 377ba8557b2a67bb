/** Drops a month of usage events that is in a file (B8). Lines and sums per day stay. */
import type { Db } from '../db';

/** False when it is gone already. Throws when it may not be dropped, or when the tables are busy: then ask again. */
export async function dropUsageMonth(db: Db, month: string): Promise<boolean> {
  const { rows } = await db.query<{ dropped: boolean }>('select drop_usage_month($1) as dropped', [month]);
  return rows[0]!.dropped;
}
