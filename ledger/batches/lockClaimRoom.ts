/** Locks how many requests of an account's batches may be handed out now, by its limit of a minute (L5, L6). */
import type { Tx } from '../db';
import { readLimit } from '../limits/readLimit';
import { countClaims } from './countClaims';

/** Apart from other advisory locks. */
const LOCK_CLASS = 345;

/**
 * Claims of one account wait for each other until the transaction ends, in whatever process they run, so that together
 * they keep the limit. Who calls it has locked the job, and locks the account after it.
 */
export async function lockClaimRoom(tx: Tx, accountId: string): Promise<number> {
  await tx.query('select pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, accountId]);
  const limit = await readLimit(tx, accountId, 'batch.requests_per_minute');
  return Math.max(0, limit - (await countClaims(tx, accountId)));
}
