/** Makes the tables that usage of this month and the next two is posted to, where they are missing. */
import type { Db } from '../db';

/** `made`: names of tables. `failed`: months such as 2026-11 that could not be made, each with the reason. */
export type PreparedMonths = { made: string[]; failed: { month: string; because: string }[] };

/** A month that can't be made keeps no other from being made: call again. Usage is posted all the same (B5). */
export async function prepareUsageMonths(db: Db): Promise<PreparedMonths> {
  const { rows } = await db.query<{ month: string; made: string | null; because: string | null }>(
    'select month, made, because from prepare_usage_months()',
  );
  return {
    made: rows.flatMap(({ made }) => made ?? []),
    failed: rows.flatMap(({ month, because }) => (because === null ? [] : [{ month, because }])),
  };
}
