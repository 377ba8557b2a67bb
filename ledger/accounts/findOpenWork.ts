/** Finds what keeps an account from being closed: work of which nobody knows yet whether it will cost or bring money. */
import { OPEN_STATUSES } from '../batches/batch';
import type { Db } from '../db';

export type OpenWork = { kind: 'prepayment' | 'reload' | 'batch'; id: string };

/** Payments that are not decided and batches that have not ended, oldest first: the one place to ask. */
export async function findOpenWork(db: Db, accountId: string): Promise<OpenWork[]> {
  const { rows } = await db.query<OpenWork>(
    `select kind, id from (
       select purpose as kind, id::text, created_at from payments where account_id = $1 and payment_is_open(status)
       union all
       select 'batch', id, created_at from batches where account_id = $1 and status in ${OPEN_STATUSES}
     ) open order by created_at, id`,
    [accountId],
  );
  return rows;
}
