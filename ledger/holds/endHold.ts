/** Ends a hold without usage: what it still holds goes back to the balance (B5). */
import { type Position, POSITION_COLUMNS, type PositionRow, toPosition } from '../accounts/position';
import type { Tx } from '../db';
import { type Hold, type HoldRow, toHold } from './hold';

/** Ends a locked hold that no usage has settled: what it still holds goes back. `settleHash` of one that is settled with what was posted before. */
export async function endHold(
  tx: Tx,
  hold: Hold,
  end: { status: 'released' } | { status: 'settled'; settleHash: string },
): Promise<{ hold: Hold; position: Position }> {
  const held = hold.status === 'open' ? hold.amount : 0n;
  const settleHash = end.status === 'settled' ? end.settleHash : null;
  const { rows: holds } = await tx.query<HoldRow>(
    `update holds set status = $2, settle_hash = $3, charged_nano = $4, released_nano = $5, ended_at = clock_timestamp() where id = $1 returning *`,
    [hold.id, end.status, settleHash, end.status === 'settled' ? 0 : null, held.toString()],
  );
  const { rows: positions } = await tx.query<PositionRow>(
    `update balances set held_nano = held_nano - $2 where account_id = $1 returning ${POSITION_COLUMNS}`,
    [hold.accountId, held.toString()],
  );
  return { hold: toHold(holds[0]!), position: toPosition(positions[0]!) };
}
