/** Finds the reload that waits for its owner's confirmation (A11). */
import type { Db } from '../db';

/** The account's newest reload that waits for its owner's confirmation, or null. */
export async function findWaitingReload(db: Db, accountId: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `select id from payments where account_id = $1 and purpose = 'reload' and status = 'requires_action' order by created_at desc limit 1`,
    [accountId],
  );
  return rows[0]?.id ?? null;
}
