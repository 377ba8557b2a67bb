/** Reasons that people and disputes set and lift: rows in Postgres, so that they work while Temporal is down (S2, S5). */
import type { SetReason } from '../../domain/gate';
import type { Tx } from '../db';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from './position';

/** Sets a reason; one that stands already stays as it is. Null when there is no such account. */
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

/**
 * Lifts a reason, whether it stands or not. Null when there is no such account. The disputes that stand behind it now
 * are no reason any more; a later one is.
 */
export async function liftSuspension(tx: Tx, accountId: string, reason: SetReason): Promise<Position | null> {
  if (!(await lockBalance(tx, accountId))) return null;
  if (reason === 'payment_disputed')
    await tx.query('update disputes set suspends = false where account_id = $1 and suspends', [accountId]);
  await tx.query('delete from suspensions where account_id = $1 and reason = $2', [accountId, reason]);
  return copyReasons(tx, accountId);
}

async function lockBalance(tx: Tx, accountId: string): Promise<boolean> {
  const { rowCount } = await tx.query('select 1 from balances where account_id = $1 for no key update', [accountId]);
  return rowCount === 1;
}

/** The gate follows from the position, so the reasons are copied there; the workflow is told when they changed. */
async function copyReasons(tx: Tx, accountId: string): Promise<Position> {
  const { rows } = await tx.query<PositionRow>(
    `update balances b set set_reasons = s.reasons, news = news + (b.set_reasons <> s.reasons)::int
     from (select coalesce(array_agg(reason order by reason), '{}') as reasons from suspensions where account_id = $1) s
     where b.account_id = $1 returning ${POSITION_COLUMNS}`,
    [accountId],
  );
  return toPosition(rows[0]!);
}
