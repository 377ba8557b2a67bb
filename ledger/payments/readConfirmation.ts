/** Reads what an owner is asked to confirm: for whom, and with which card (A11). */
import type { Db } from '../db';

export type Confirmation = {
  accountName: string;
  /** The method that the bank wants confirmed; null when none does. */
  methodId: string | null;
  card: { brand: string; last4: string } | null;
};

/** Throws when there is no such payment. */
export async function readConfirmation(db: Db, paymentId: string): Promise<Confirmation> {
  const { rows } = await db.query<{
    name: string;
    method_id: string | null;
    brand: string | null;
    last4: string | null;
  }>(
    `select a.name, asked.method_id, m.brand, m.last4
     from payments p join accounts a on a.id = p.account_id
     left join lateral (
       select coalesce((
         select payment_method_id from payment_attempts
         where payment_id = p.id and decline_code = 'authentication_required' order by at desc limit 1), p.payment_method_id) as method_id) asked on true
     left join payment_methods m on m.id = asked.method_id
     where p.id = $1`,
    [paymentId],
  );
  const row = rows[0];
  if (!row) throw new Error(`there is no payment ${paymentId}`);
  return {
    accountName: row.name,
    methodId: row.method_id,
    card: row.brand !== null && row.last4 !== null ? { brand: row.brand, last4: row.last4 } : null,
  };
}
