/** Suspends an account for a reason that people or disputes set: a row in Postgres, so that it works while Temporal is down (S2, S5). */
import type { SetReason } from '../../domain/gate';
import type { Tx } from '../db';
import { copyReasons } from './copyReasons';
import { lockBalance } from './lockBalance';
import type { Position } from './position';

/** Sets a reason; one that is set already stays as it is. Null when there is no such account. */
export async function setSuspension(
  tx: Tx,
  accountId: string,
  reason: SetReason,
  note: string,
  actor: string,
): Promise<Position | null> {
  if (!(await lockBalance(tx, accountId))) return null;
  await tx.query(
    'insert into suspensions (account_id, reason, note, actor) values ($1, $2, $3, $4) on conflict do nothing',
    [accountId, reason, note, actor],
  );
  return copyReasons(tx, accountId);
}
