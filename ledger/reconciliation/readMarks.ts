/** Reads how far reconciliation has come: Stripe's events up to here, and when the whole ledger was checked (P6). */
import type { Db } from '../db';

export type ReconcileMarks = { scannedUntilMs: number | null; checkedAtMs: number | null };

export async function readMarks(db: Db): Promise<ReconcileMarks> {
  const { rows } = await db.query<{ scanned_until: Date | null; checked_at: Date | null }>(
    'select scanned_until, checked_at from reconciliation',
  );
  return {
    scannedUntilMs: rows[0]?.scanned_until?.getTime() ?? null,
    checkedAtMs: rows[0]?.checked_at?.getTime() ?? null,
  };
}
