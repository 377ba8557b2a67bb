/** Finds which requests of a job had a result, also after its requests' rows were removed: a late repeat is told from a late result (L4). */
import type { Tx } from '../db';

/** SQL: by a digest of 64 bits each, as there may be 50,000 in a job, and jobs are kept. */
export const answerDigest = (customId: string): string => `hashtextextended(${customId}, 0)`;

/** Of some requests, those that had a result when the job ended. The caller has locked the job. */
export async function findAnswered(tx: Tx, batchId: string, customIds: readonly string[]): Promise<Set<string>> {
  const { rows } = await tx.query<{ custom_id: string }>(
    `select c.custom_id from unnest($2::text[]) c(custom_id)
     where exists (select from batch_requests r where r.batch_id = $1 and r.custom_id = c.custom_id and r.outcome is not null)
       or ${answerDigest('c.custom_id')} in (select unnest(digests) from batch_answered where batch_id = $1)`,
    [batchId, customIds],
  );
  return new Set(rows.map(({ custom_id: customId }) => customId));
}
