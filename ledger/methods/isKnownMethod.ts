/** Whether a method is, or ever was, one of ours. */
import type { Db } from '../db';

export async function isKnownMethod(db: Db, methodId: string): Promise<boolean> {
  return (await db.query('select 1 from payment_methods where id = $1', [methodId])).rowCount === 1;
}
