/** Writes down that a run of reconciliation has begun, so that its end knows whether this is the same database still (P6). */
import type { Db } from '../db';

/** Known are so many: the first run, which looks at every PaymentIntent, may outlast a day of scheduled ones. */
const RUNS_KEPT = 200;

export async function beginRun(db: Db, run: string): Promise<void> {
  await db.query(
    'update reconciliation set runs = (runs || $1::uuid)[greatest(1, cardinality(runs) + 2 - $2::int) :]',
    [run, RUNS_KEPT],
  );
}
