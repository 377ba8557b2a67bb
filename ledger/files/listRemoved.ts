/** Which of some files nobody sees any more, so that what was written of them too late goes again. */
import type { Db } from '../db';

/** Ids of those that were removed, by their account or as their time is over. */
export async function listRemoved(db: Db, fileIds: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    'select id from files where id = any($1) and removed_at <= clock_timestamp()',
    [fileIds],
  );
  return rows.map(({ id }) => id);
}
