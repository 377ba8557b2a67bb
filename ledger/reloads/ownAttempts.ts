/** Says of attempts from before they were asked for by account whose they are. */
import type { Db } from '../db';

/** Since then a trigger says it. What another process is at is left to it. @returns how many; at most `limit` */
export async function ownAttempts(db: Db, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `update payment_attempts t set account_id = p.account_id from payments p
     where p.id = t.payment_id and (t.payment_id, t.attempt, t.payment_method_id) in (
       select payment_id, attempt, payment_method_id from payment_attempts where account_id is null
       limit $1 for update skip locked)`,
    [limit],
  );
  return rowCount!;
}
