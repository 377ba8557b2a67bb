/** Makes the tables that usage of this month and the next two is posted to, where they are missing. */
import type { Db } from '../db';

/** A month such as 2026-11 that could not be made. `isBusy`: only because the tables are in use now. */
export type FailedMonth = { month: string; because: string; isBusy: boolean };
/** `made`: names of tables. */
export type PreparedMonths = { made: string[]; failed: FailedMonth[] };

/** A month that can't be made keeps no other from being made: call again. Usage is posted all the same (B5). */
export async function prepareUsageMonths(db: Db): Promise<PreparedMonths> {
  const { rows } = await db.query<{ month: string; made: string | null; because: string | null; busy: boolean }>(
    'select month, made, because, busy from prepare_usage_months()',
  );
  return {
    made: rows.flatMap(({ made }) => made ?? []),
    failed: rows.flatMap(({ month, because, busy }) => (because === null ? [] : [{ month, because, isBusy: busy }])),
  };
}
