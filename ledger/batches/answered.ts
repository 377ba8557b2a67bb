/** Which requests of a job had a result, also after its requests' rows were removed: a late repeat is told from a late result (L4). */
import type { Db, Tx } from '../db';

/** By a digest of 64 bits each, as there may be 50,000 in a job, and jobs are kept. */
const DIGEST = (customId: string): string => `hashtextextended(${customId}, 0)`;

/** Of some requests, those that had a result when the job ended. The caller has locked the job. */
export async function findAnswered(tx: Tx, batchId: string, customIds: readonly string[]): Promise<Set<string>> {
  const { rows } = await tx.query<{ custom_id: string }>(
    `select c.custom_id from unnest($2::text[]) c(custom_id)
     where exists (select from batch_requests r where r.batch_id = $1 and r.custom_id = c.custom_id and r.outcome is not null)
       or ${DIGEST('c.custom_id')} in (select unnest(digests) from batch_answered where batch_id = $1)`,
    [batchId, customIds],
  );
  return new Set(rows.map(({ custom_id: customId }) => customId));
}

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
       select $1, min(line), array_agg(${DIGEST('custom_id')}) from removed where outcome is not null having count(*) > 0)
     select count(*)::int as removed from removed`,
    [batchId, limit],
  );
  return rows[0]!.removed;
}
