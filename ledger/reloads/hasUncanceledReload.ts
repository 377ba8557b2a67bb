/** Whether a closed reload could still be paid (A7). */
import type { Tx } from '../db';

/** Whether a closed reload's PaymentIntent could still be paid: no other opens before it is canceled (A7). */
export async function hasUncanceledReload(tx: Tx, accountId: string): Promise<boolean> {
  const { rows } = await tx.query(
    `select 1 from reloads r join payments p on p.id = r.id
     where p.account_id = $1 and r.closed_at is not null and payment_is_open(p.status) limit 1`,
    [accountId],
  );
  return rows.length > 0;
}
