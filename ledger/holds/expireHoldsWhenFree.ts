/** Ends holds of an account that is locked at each look: waits for its lock, for a moment (B5). */
import type { Pool } from 'pg';
import { lockBalance } from '../accounts/lockBalance';
import type { Position } from '../accounts/position';
import { transaction } from '../db';
import { isLockTimeout } from '../whenFree';
import { expireHolds } from './expireHolds';

/** Several times what a commit of usage takes, and one who waits comes before whoever asks later. */
const LOCK_MS = 500;

/**
 * At most `limit` holds, those of other accounts that are due among them, and the new positions. None when the account is
 * still locked after half a second.
 */
export async function expireHoldsWhenFree(pool: Pool, accountId: string, limit: number): Promise<Position[]> {
  try {
    return await transaction(pool, async (tx) => {
      await tx.query(`set local lock_timeout = ${LOCK_MS}`);
      await lockBalance(tx, accountId);
      return expireHolds(tx, limit);
    });
  } catch (error) {
    if (isLockTimeout(error)) return [];
    throw error;
  }
}
