/** Gives back what a job still reserves, of money and of tokens (L3). */
import type { Tx } from '../db';
import type { Batch } from './batch';

/**
 * The caller has locked the job and read it after that; its account is locked here, but not for nothing: usage waits for
 * that lock, and a process of batches may be slow to let it go (L5).
 */
export async function giveBack(tx: Tx, { id, accountId, held, reservedTokens }: Batch): Promise<void> {
  if (held === 0n && reservedTokens === 0) return;
  await tx.query('update batches set reserved_tokens = 0, held_nano = 0 where id = $1', [id]);
  if (held === 0n) return;
  await tx.query('update balances set held_nano = held_nano - $2 where account_id = $1', [accountId, held.toString()]);
}
