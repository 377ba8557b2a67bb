/** Finds what keeps an account from being closed: work of which nobody knows yet whether it will cost or bring money. */
import type { Db } from '../db';

export type OpenWork = { kind: 'prepayment' | 'reload'; id: string };

/** Payments that are not decided, oldest first. The one place to ask: batches that are open belong here too. */
export async function findOpenWork(db: Db, accountId: string): Promise<OpenWork[]> {
  const { rows } = await db.query<OpenWork>(
    `select purpose as kind, id from payments where account_id = $1 and payment_is_open(status)
     order by created_at, id`,
    [accountId],
  );
  return rows;
}
