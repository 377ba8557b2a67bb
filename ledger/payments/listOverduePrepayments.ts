/** Lists the prepayments that are undecided for too long; the relay starts their workflow again (O4). */
import type { Db } from '../db';

export type OverduePrepayment = {
  accountId: string;
  paymentId: string;
  paymentMethodId: string;
  idempotencyKey: string;
};

/**
 * Prepayments that were begun a while ago and are not decided: their workflow may never have been started. One that
 * waits for its owner is given up by its workflow after a day; if that is lost, it is overdue then.
 */
export async function listOverduePrepayments(db: Db, limit: number): Promise<OverduePrepayment[]> {
  const { rows } = await db.query<{
    account_id: string;
    id: string;
    payment_method_id: string;
    idempotency_key: string;
  }>({
    name: 'overdue-prepayments',
    text: `select account_id, id, payment_method_id, idempotency_key from payments
      where purpose = 'prepayment' and payment_method_id is not null
        and (status = 'processing' and created_at < now() - interval '20 seconds'
          or status = 'requires_action' and created_at < now() - interval '25 hours') order by created_at limit $1`,
    values: [limit],
  });
  return rows.map((row) => ({
    accountId: row.account_id,
    paymentId: row.id,
    paymentMethodId: row.payment_method_id,
    idempotencyKey: row.idempotency_key,
  }));
}
