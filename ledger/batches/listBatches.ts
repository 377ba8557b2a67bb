/** An account's jobs, newest first. */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';
import { toBatch, type Batch, type BatchRow } from './batch';

/** `after`: the id of the last job already seen; one that the account does not have begins at the newest. */
export async function listBatches(db: Db, accountId: string, page: PageRequest): Promise<Page<Batch>> {
  const { rows } = await db.query<BatchRow>(
    `select * from batches where account_id = $1
       and ($2::text is null or (created_at, id) < (select created_at, id from batches where id = $2 and account_id = $1))
     order by created_at desc, id desc limit $3`,
    [accountId, page.after, page.limit + 1],
  );
  return toPage(rows, page.limit, ({ id }) => id, toBatch);
}
