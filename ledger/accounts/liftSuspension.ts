/** Lifts a reason that people or disputes have set (S2, S5). */
import type { SetReason } from '../../domain/gate';
import type { Tx } from '../db';
import { copyReasons } from './copyReasons';
import { lockBalance } from './lockBalance';
import type { Position } from './position';

/**
 * Lifts a reason, whether it is set or not. Null when there is no such account. The disputes that are open now
 * are no reason any more; a later one is.
 */
export async function liftSuspension(tx: Tx, accountId: string, reason: SetReason): Promise<Position | null> {
  if (!(await lockBalance(tx, accountId))) return null;
  if (reason === 'payment_disputed')
    await tx.query('update disputes set suspends = false where account_id = $1 and suspends', [accountId]);
  await tx.query('delete from suspensions where account_id = $1 and reason = $2', [accountId, reason]);
  return copyReasons(tx, accountId);
}
