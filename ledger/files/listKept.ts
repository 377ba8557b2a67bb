/** Lists the names of all that must be in the file store: kept, and not removed. */
import type { Db } from '../db';

export async function listKept(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from files where removed_at is null
     union all select id from evaluation_datasets where removed_at is null order by id`,
  );
  return rows.map(({ id }) => id);
}
