/** Locks an account that may not exist. */
import type { Tx } from '../db';

/** Locks until the transaction ends; false when there is no such account. */
export async function lockBalance(tx: Tx, accountId: string): Promise<boolean> {
  const { rowCount } = await tx.query('select 1 from balances where account_id = $1 for no key update', [accountId]);
  return rowCount === 1;
}
