/** Adds posted usage to the sums per account, day, model and kind (B7). */
import type { Db } from '../db';

/** Takes the oldest commits that are not summed, so many at most, and answers how many it took. One call works at a time. */
export async function sumUsage(db: Db, postingsMax: number): Promise<number> {
  const { rows } = await db.query<{ taken: number }>('select sum_usage($1) as taken', [postingsMax]);
  return rows[0]!.taken;
}
