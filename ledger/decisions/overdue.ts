/** Finds what nobody seems to be working on: the relay sees to it that somebody does (O4). */
import type { Db } from '../db';

/** Accounts whose workflow has news to fold, or should have moved on by now: a reload, the end of a guard, a mail that waits. */
export async function accountsToWake(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ account_id: string }>({
    name: 'accounts-to-wake',
    text: `(select account_id from balances where wake limit $1)
      union
      (select account_id from reloads where closed_at is null and due_at < now() - interval '20 seconds' limit $1)
      union
      (select r.account_id from reloads r join payments p on p.id = r.id
       where p.status = 'processing' and greatest(r.closed_at, p.cancel_due_at) < now() - interval '20 seconds' limit $1)
      union
      (select account_id from account_states
       where (blocked_until is not null or told_suspended = 'due')
         and (blocked_until < now() - interval '20 seconds' or (told_suspended = 'due' and flag_since < now() - interval '80 seconds')) limit $1)`,
    values: [limit],
  });
  return rows.map((row) => row.account_id);
}

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
export async function overduePrepayments(db: Db, limit: number): Promise<OverduePrepayment[]> {
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
