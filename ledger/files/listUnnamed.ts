/** Which contents of the file store no row names: their writers have died between the write and their look at its row (L2). */
import type { Db } from '../db';

export type Content = {
  name: string;
  /** Of the file or dataset that it would be of. */
  id: string;
  /** Of an index: of which count. Null: it is the content itself. */
  countAttempt: number | null;
};

/** Of contents, by name, those that nobody will ever read or remove: whatever is written has a row before its first byte. */
export async function listUnnamed(db: Db, contents: readonly Content[]): Promise<Set<string>> {
  const { rows } = await db.query<{ name: string }>(
    `select c.name from unnest($1::text[], $2::text[], $3::int[]) c(name, id, attempt)
     where not exists (select from files f where f.id = c.id and not f.erased
         and coalesce(c.attempt = greatest(f.count_attempt, 1), true))
       and not exists (select from evaluation_datasets d where d.id = c.id)`,
    [contents.map(({ name }) => name), contents.map(({ id }) => id), contents.map(({ countAttempt }) => countAttempt)],
  );
  return new Set(rows.map(({ name }) => name));
}
