/** The lock of whoever archives or restores usage: one at a time in a database. */
import type { Pool, PoolClient } from 'pg';
import { onConnection, type Tx } from '../db';

/** Any constant that nobody else uses in this database. */
const ARCHIVE_LOCK = 7_225_582;

/** Runs `work` on the connection that holds the lock, which goes with it. Null at once when another holds it. */
export async function withArchiveLock<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T | null> {
  return onConnection(pool, async (client) => {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [ARCHIVE_LOCK]);
    if (!rows[0]!.mine) return null;
    const done = await work(client);
    await client.query('select pg_advisory_unlock($1)', [ARCHIVE_LOCK]);
    return done;
  });
}

/** Waits for it, and has it until the transaction ends. */
export async function waitForArchiveLock(tx: Tx): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [ARCHIVE_LOCK]);
}
