/** Lists the months whose usage events are in the database, oldest first. */
import type { Db } from '../db';

/** UTC, such as 2026-11. */
export async function listUsageMonths(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ month: string }>(
    `select replace(substr(c.relname, length('usage_events_') + 1), '_', '-') as month
     from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'usage_events'::regclass and c.relname ~ '^usage_events_\\d{4}_\\d{2}$' order by 1`,
  );
  return rows.map(({ month }) => month);
}
