/** Lists an account's holds. */
import type { Db } from '../db';
import { type Page, type PageRequest, toPage } from '../page';
import { type Hold, type HoldRow, toHold } from './hold';

/** Newest first. */
export async function listHolds(db: Db, accountId: string, page: PageRequest): Promise<Page<Hold>> {
  const { rows } = await db.query<HoldRow>(
    `select * from holds where account_id = $1
       and ($2::uuid is null or (created_at, id) < (select created_at, id from holds where id = $2 and account_id = $1))
     order by created_at desc, id desc limit $3`,
    [accountId, page.after, page.limit + 1],
  );
  return toPage(rows, page.limit, (row) => row.id, toHold);
}
