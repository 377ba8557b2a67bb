/** Finds datasets whose content is to go from the store: removed ones, and uploads that were given up. */
import type { Db } from '../db';

/**
 * The longest removed first.
 * @param except those that can't be removed now: they must not stand before the others
 */
export async function listErasableDatasets(db: Db, limit: number, except: readonly string[] = []): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from evaluation_datasets where removed_at <= clock_timestamp() and id <> all($2)
     order by removed_at limit $1`,
    [limit, except],
  );
  return rows.map(({ id }) => id);
}
