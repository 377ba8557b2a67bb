/** Reads how the last charge of each method of an account was answered, whatever it was for. */
import type { Db } from '../db';

/** `at`: when the charge that was declined was begun, or the one that succeeded was credited. */
export type LastCharge = {
  at: Date;
  outcome: 'succeeded' | 'declined';
  declineCode: string | null;
  declineMessage: string | null;
};

type Row = {
  method: string;
  at: Date;
  outcome: LastCharge['outcome'];
  decline_code: string | null;
  decline_message: string | null;
};

/** So many of an account's newest payments are looked through: however many it has made, the cost is the same. */
export const PAYMENTS_LOOKED_THROUGH = 50;

/**
 * Of reloads and of prepayments with a saved method, by the method's id. A method that none of the newest payments has
 * charged, or whose charges have no answer yet, is not there. One that an owner confirmed after a decline has succeeded.
 */
export async function readLastCharges(db: Db, accountId: string): Promise<Map<string, LastCharge>> {
  const { rows } = await db.query<Row>(
    `with newest as (
       select id, status, payment_method_id, settled_at from payments where account_id = $1 order by created_at desc limit $2)
     select distinct on (method) * from (
       select a.payment_method_id as method, a.at, a.outcome, a.decline_code, a.decline_message
       from newest join payment_attempts a on a.payment_id = newest.id where a.outcome <> 'unknown'
       union all
       select payment_method_id, settled_at, 'succeeded', null, null from newest
       where status = 'succeeded' and payment_method_id is not null) charged
     order by method, at desc`,
    [accountId, PAYMENTS_LOOKED_THROUGH],
  );
  return new Map(
    rows.map(({ method, at, outcome, decline_code: declineCode, decline_message: declineMessage }) => [
      method,
      { at, outcome, declineCode, declineMessage },
    ]),
  );
}
