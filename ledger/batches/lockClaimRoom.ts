/** Locks how many requests of an account's batches may be handed out now, by its limit of a minute (L5, L6). */
import type { Tx } from '../db';
import { readLimit } from '../limits/readLimit';
import { countClaims } from './countClaims';
import { lockClaims } from './lockClaims';

/** Claims at once keep the limit together: they wait for each other until the transaction ends. */
export async function lockClaimRoom(tx: Tx, accountId: string): Promise<number> {
  await lockClaims(tx, accountId);
  const limit = await readLimit(tx, accountId, 'batch.requests_per_minute');
  return Math.max(0, limit - (await countClaims(tx, accountId)));
}
