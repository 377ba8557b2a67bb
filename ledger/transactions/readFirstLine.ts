/** Reads when an account's first ledger line was posted. */
import type { Db } from '../db';

/** Null for an account without a line. */
export async function readFirstLine(db: Db, accountId: string): Promise<Date | null> {
  const { rows } = await db.query<{ at: Date }>('select at from ledger_lines where account_id = $1 and sequence = 1', [
    accountId,
  ]);
  return rows[0]?.at ?? null;
}
