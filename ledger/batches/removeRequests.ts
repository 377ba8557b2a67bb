/** Removes the rows of an ended job's requests (L4). */
import type { Db } from '../db';
import { answerDigest } from './findAnswered';

/**
 * Removes at most `limit` rows of a job's requests, and keeps which of them had a result. Returns how many were removed.
 * To be run in a transaction that has locked the job.
 */
export async function removeRequests(tx: Db, batchId: string, limit: number): Promise<number> {
  const { rows } = await tx.query<{ removed: number }>(
    `with removed as (
       delete from batch_requests where batch_id = $1
         and line in (select line from batch_requests where batch_id = $1 order by line limit $2)
       returning line, custom_id, outcome),
     kept as (
       insert into batch_answered (batch_id, first_line, digests)
       select $1, min(line), array_agg(${answerDigest('custom_id')}) from removed where outcome is not null having count(*) > 0)
     select count(*)::int as removed from removed`,
    [batchId, limit],
  );
  return rows[0]!.removed;
}
