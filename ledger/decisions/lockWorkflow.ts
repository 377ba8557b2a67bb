/** Keeps others from beginning an account's workflow anew at the same time. */
import type { Tx } from '../db';

/** Until the transaction ends. False while somebody else has it. */
export async function lockWorkflow(tx: Tx, accountId: string): Promise<boolean> {
  const { rows } = await tx.query<{ mine: boolean }>(
    "select pg_try_advisory_xact_lock(hashtextextended('workflow/' || $1, 0)) as mine",
    [accountId],
  );
  return rows[0]!.mine;
}
