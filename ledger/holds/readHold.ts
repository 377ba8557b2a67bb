/** Reads one hold of an account. */
import type { Db } from '../db';
import { type Hold, type HoldRow, toHold } from './hold';

/** The account's hold, or null: another account's does not exist. */
export async function readHold(db: Db, accountId: string, holdId: string): Promise<Hold | null> {
  const { rows } = await db.query<HoldRow>('select * from holds where id = $2 and account_id = $1', [
    accountId,
    holdId,
  ]);
  return rows[0] ? toHold(rows[0]) : null;
}
