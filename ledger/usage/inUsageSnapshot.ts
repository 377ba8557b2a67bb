/** One moment of the whole database, while no month of usage comes or leaves (B8): for whoever reads all of it. */
import type { Pool } from 'pg';
import { onConnection, transactionOn, type Tx } from '../db';
import { beginUsageView } from './beginUsageView';

/** What whoever makes, drops or attaches a month holds, as in create_usage_month and drop_usage_month. */
export const MONTHS_LOCK = 7_225_581;

/**
 * Runs `work` in a transaction that sees one moment. No month is made or dropped meanwhile: whoever wants to is refused
 * at the lock of months, before anybody who posts usage waits behind it, and tries again.
 */
export async function inUsageSnapshot<T>(
  pool: Pool,
  isolation: 'repeatable read' | 'repeatable read, read only',
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return onConnection(pool, async (client) => {
    // Before the transaction: a select in it would take the view.
    await client.query('select pg_advisory_lock_shared($1)', [MONTHS_LOCK]);
    const done = await transactionOn(
      client,
      async (tx) => {
        await beginUsageView(tx, isolation);
        return work(tx);
      },
      () => undefined,
    );
    await client.query('select pg_advisory_unlock_shared($1)', [MONTHS_LOCK]);
    return done;
  });
}
