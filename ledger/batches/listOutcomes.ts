/** What became of a job's requests, in the input's order, for its output and error files (L4). */
import type { Db } from '../db';

export type RequestOutcome = {
  line: number;
  customId: string;
  /** Null: it was not finished when the job ended. */
  outcome: 'completed' | 'failed' | null;
  /** The answer as JSON: `status_code`, `request_id` and `body`. */
  response: string | null;
  error: string | null;
};

/** The next `limit` after a line. */
export async function listOutcomes(
  db: Db,
  batchId: string,
  afterLine: number,
  limit: number,
): Promise<RequestOutcome[]> {
  const { rows } = await db.query<{
    line: number;
    custom_id: string;
    outcome: RequestOutcome['outcome'];
    response: string | null;
    error: string | null;
  }>(
    `select line, custom_id, outcome, response, error from batch_requests
     where batch_id = $1 and line > $2 order by line limit $3`,
    [batchId, afterLine, limit],
  );
  return rows.map(({ custom_id: customId, ...row }) => ({ ...row, customId }));
}
