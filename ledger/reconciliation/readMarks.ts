/** Reads how far reconciliation has come: Stripe's events up to here, and when the whole ledger was checked (P6). */
import type { Db } from '../db';

export type ReconcileMarks = { nowMs: number; scannedUntilMs: number | null; checkedAtMs: number | null };

/** With the time of Postgres: marks are compared with the clock that they were made by. */
export async function readMarks(db: Db): Promise<ReconcileMarks> {
  const { rows } = await db.query<{ now: Date; scanned_until: Date | null; checked_at: Date | null }>(
    'select now(), scanned_until, checked_at from reconciliation',
  );
  return {
    nowMs: rows[0]!.now.getTime(),
    scannedUntilMs: rows[0]!.scanned_until?.getTime() ?? null,
    checkedAtMs: rows[0]!.checked_at?.getTime() ?? null,
  };
}
