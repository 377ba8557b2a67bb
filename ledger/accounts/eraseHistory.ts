/** Erases what is personal in an account's history, some rows at a time, while the account is being closed. */
import type { Db } from '../db';

/** Each notice among them has a delivery for each owner. */
const ROWS_MAX = 1_000;

/**
 * A statement of its own, without the account's lock: nobody waits for it, however old the account is. What it did stays
 * done, so whoever calls it next goes on from there.
 * @returns whether there may be more; what is younger than ten minutes is left to `finishClosing`
 */
export async function eraseHistory(db: Db, accountId: string): Promise<boolean> {
  const { rows } = await db.query<{ more: boolean }>('select erase_history($1, $2) as more', [accountId, ROWS_MAX]);
  return rows[0]!.more;
}
