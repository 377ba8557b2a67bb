/** Makes the tables that usage of this month and the next three is posted to, where they are missing. */
import type { Db } from '../db';

/** The names of what was made. */
export async function prepareUsageMonths(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>('select prepare_usage_months() as name');
  return rows.map(({ name }) => name);
}
