/** Tells an account's workflow, through Postgres, that there is something to read (O4). */
import type { Tx } from '../db';

/** The workflow reads the account again; the relay sees to it when no signal comes through. */
export async function tellWorkflow(tx: Tx, accountId: string): Promise<void> {
  await tx.query('update balances set news = news + 1 where account_id = $1', [accountId]);
}
