/** Finds which accounts are closed, or about to be. */
import type { Db } from '../db';

export async function findClosed(db: Db, accountIds: Iterable<string>): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    'select id from accounts where id = any($1) and closing_at is not null',
    [[...accountIds]],
  );
  return new Set(rows.map(({ id }) => id));
}
