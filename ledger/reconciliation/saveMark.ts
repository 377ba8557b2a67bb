/** Saves up to when Stripe's events were read (P6). */
import type { Db } from '../db';

/** Only ever forward: runs may overlap. */
export async function saveMark(db: Db, scannedUntilMs: number): Promise<void> {
  await db.query('update reconciliation set scanned_until = greatest(scanned_until, $1)', [new Date(scannedUntilMs)]);
}
