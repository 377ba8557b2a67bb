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

/** So many at once, and so many bytes of answers and errors, but for one that is larger: an answer may have megabytes. */
const PAGE = { requests: 500, bytes: 8_000_000 };

/** The next ones after a line; none: there are no more. */
export async function listOutcomes(db: Db, batchId: string, afterLine: number): Promise<RequestOutcome[]> {
  const { rows } = await db.query<{
    line: number;
    custom_id: string;
    outcome: RequestOutcome['outcome'];
    response: string | null;
    error: string | null;
  }>(
    `with next as (
       select line, sum(coalesce(octet_length(response), 0) + coalesce(octet_length(error), 0)) over (order by line) as bytes
       from (select line, response, error from batch_requests
             where batch_id = $1 and line > $2 order by line limit $3) page)
     select r.line, r.custom_id, r.outcome, r.response, r.error
     from batch_requests r join next n using (line)
     where r.batch_id = $1 and (n.bytes <= $4 or n.line = (select min(line) from next)) order by r.line`,
    [batchId, afterLine, PAGE.requests, PAGE.bytes],
  );
  return rows.map(({ custom_id: customId, ...row }) => ({ ...row, customId }));
}
