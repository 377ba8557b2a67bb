/** Saves up to when Stripe's events were read, by the run that has read them (P6). */
import type { Db } from '../db';

/**
 * Only ever forward, as runs may overlap, but for a mark in the future: a clock was wrong. False, and nothing is saved,
 * where the database does not know the run: it was put back to a backup in the meantime, and has lost again what the run
 * had found done. Repeated it changes nothing more.
 */
export async function endRun(db: Db, run: string, scannedUntilMs: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `update reconciliation set scanned_until = case when scanned_until > now() then $2 else greatest(scanned_until, $2) end
     where $1::uuid = any(runs)`,
    [run, new Date(scannedUntilMs)],
  );
  return rowCount === 1;
}
