/** Takes back what was handed out to an executor that has not got it, as the input could not be read (L4). */
import type { Tx } from '../db';
import { lockBatch } from './lockBatch';
import { lockClaims } from './lockClaims';

/** Executors are sent to other jobs meanwhile: one that can't be read must not stand before those that can. */
const PUT_OFF_SECONDS = 15;

/**
 * The requests can be claimed again at once, and no longer count in their account's minute; the job is not listed as
 * claimable for a while. Locks the job, then the account's claims. One that comes late costs at most that a request runs
 * twice.
 * @param countedAt the second in which they were counted
 */
export async function returnClaim(
  tx: Tx,
  { batchId, lines, countedAt }: { batchId: string; lines: readonly number[]; countedAt: Date },
): Promise<void> {
  const { accountId } = await lockBatch(tx, batchId);
  await tx.query('update batches set unreadable_until = clock_timestamp() + make_interval(secs => $2) where id = $1', [
    batchId,
    PUT_OFF_SECONDS,
  ]);
  await tx.query(
    'update batch_requests set leased_until = null where batch_id = $1 and line = any($2) and outcome is null',
    [batchId, lines],
  );
  await lockClaims(tx, accountId);
  const counted = [accountId, countedAt, lines.length];
  await tx.query('delete from batch_claims where account_id = $1 and second = $2 and requests <= $3', counted);
  await tx.query(
    'update batch_claims set requests = requests - $3 where account_id = $1 and second = $2 and requests > $3',
    counted,
  );
}
