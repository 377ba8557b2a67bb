/** Finds which requests of a job have no result (L4). */
import type { Db } from '../db';
import { answerDigest } from './findAnswered';

/**
 * Of some ids, those of requests that have no result. Once the job has ended, and its requests' rows may be removed, also
 * those that never were a request's: which had a result is all that is kept.
 */
export async function findUnanswered(db: Db, batchId: string, customIds: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ custom_id: string }>(
    `select c.custom_id from unnest($2::text[]) c(custom_id)
     join batches b on b.id = $1
     left join batch_requests r on r.batch_id = $1 and r.custom_id = c.custom_id
     where case when r.batch_id is not null then r.outcome is null
                else b.closed and ${answerDigest('c.custom_id')} not in
                  (select unnest(digests) from batch_answered where batch_id = $1) end`,
    [batchId, customIds],
  );
  return rows.map(({ custom_id: customId }) => customId);
}
