/** Finds what keeps an account from being closed: work of which nobody knows yet whether it will cost or bring money. */
import { OPEN_STATUSES } from '../batches/batch';
import type { Db } from '../db';
import { CLOSING_REFUND } from './readClosing';

export type OpenWork = { kind: 'prepayment' | 'reload' | 'batch'; id: string };

/**
 * Batches that have not ended and payments that are not decided, oldest first: the one place to ask. A payment is decided
 * when it is neither open nor quarantined, and it is known of each of its refunds but the closing's own whether it was made.
 */
export async function findOpenWork(db: Db, accountId: string): Promise<OpenWork[]> {
  const { rows } = await db.query<OpenWork>(
    `select kind, id from (
       select purpose as kind, id::text, created_at from payments
       where account_id = $1 and (payment_is_open(status) or status = 'quarantined')
       union
       select p.purpose, p.id::text, p.created_at from refund_requests r join payments p on p.id = r.payment_id
       where r.account_id = $1 and r.status = 'requested' and not starts_with(r.idempotency_key, $2)
       union all
       select 'batch', id, created_at from batches where account_id = $1 and status in ${OPEN_STATUSES}
     ) open order by created_at, id`,
    [accountId, CLOSING_REFUND],
  );
  return rows;
}
