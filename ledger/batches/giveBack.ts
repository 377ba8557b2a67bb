/** Gives back what a job still reserves, of money and of tokens (L3). */
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from '../accounts/position';
import type { Tx } from '../db';
import type { Batch } from './batch';

/** The caller has locked the job and read it after that; its account is locked here. */
export async function giveBack(tx: Tx, { id, accountId, held }: Batch): Promise<Position> {
  await tx.query('update batches set reserved_tokens = 0, held_nano = 0 where id = $1', [id]);
  const { rows } = await tx.query<PositionRow>(
    `update balances set held_nano = held_nano - $2 where account_id = $1 returning ${POSITION_COLUMNS}`,
    [accountId, held.toString()],
  );
  return toPosition(rows[0]!);
}
