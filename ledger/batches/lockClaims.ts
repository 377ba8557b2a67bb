/** Locks the count of requests that an account's batches have handed out (L5). */
import type { Tx } from '../db';

/** Apart from other advisory locks. */
const LOCK_CLASS = 345;

/**
 * Claims of one account wait for each other until the transaction ends, in whatever process they run. Who calls it has
 * locked the job, and locks the account after it.
 */
export async function lockClaims(tx: Tx, accountId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, accountId]);
}
