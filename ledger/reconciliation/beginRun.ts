/** Writes down that a run of reconciliation has begun, so that its end knows whether this is the same database still (P6). */
import type { Db } from '../db';

/** Those of so many runs are kept: a run that was ended by force never takes its own away. */
const RUNS_KEPT = 20;

export async function beginRun(db: Db, run: string): Promise<void> {
  await db.query(
    'update reconciliation set runs = (runs || $1::uuid)[greatest(1, cardinality(runs) + 2 - $2::int) :]',
    [run, RUNS_KEPT],
  );
}
