/** Makes the workflow try at once to cancel the payment of a closed reload, because there is news of it (A7, A17). */
import { lockAccount } from '../accounts/lockAccount';
import type { Tx } from '../db';
import { raiseNews } from '../accounts/raiseNews';
import type { Payment } from '../payments/payment';

/** Changes nothing for a payment that does not keep the next reload of its account from opening. */
export async function hastenCancel(tx: Tx, { id, accountId }: Payment, nowMs: number): Promise<void> {
  await lockAccount(tx, accountId);
  const { rowCount } = await tx.query(
    `update payments p set cancel_due_at = $2 from reloads r
     where p.id = $1 and r.id = p.id and r.closed_at is not null and payment_is_open(p.status)
       and p.cancel_due_at > $2`,
    [id, new Date(nowMs)],
  );
  if (rowCount) await raiseNews(tx, accountId);
}
