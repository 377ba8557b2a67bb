/** Lists the usage events behind a ledger line, or says which archive they are in (B8). */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';
import { toPostedEvent, type EventRow, type PostedEvent } from './postedEvent';

/** In order of event id. */
export async function listUsageOfLine(
  db: Db,
  accountId: string,
  sequence: number,
  page: PageRequest,
): Promise<Page<PostedEvent>> {
  const { rows } = await db.query<EventRow>(
    // The line names its posting, and the posting's events of the account are found by index.
    `select u.* from ledger_lines l join usage_events u on u.posting = posting_of(l) and u.account_id = l.account_id
     where l.account_id = $1 and l.sequence = $2 and u.sequence = $2 and ($3::text is null or u.event_id > $3)
     order by u.event_id limit $4`,
    [accountId, sequence, page.after, page.limit + 1],
  );
  return toPage(rows, page.limit, (row) => row.event_id, toPostedEvent);
}
