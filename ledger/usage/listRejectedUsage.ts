/** Lists an account's rejected usage events, newest first (B4). */
import type { RejectionCode } from '../../domain/usageEvent';
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

export type RejectedUsage = { id: string; code: RejectionCode; message: string; event: unknown; at: Date };

type Row = { id: bigint; event_id: string; code: RejectionCode; message: string; event: unknown; at: Date };

export async function listRejectedUsage(db: Db, accountId: string, page: PageRequest): Promise<Page<RejectedUsage>> {
  const { rows } = await db.query<Row>(
    `select id, event_id, code, message, event, at from rejected_usage
     where account_id = $1 and ($2::bigint is null or id < $2) order by id desc limit $3`,
    [accountId, page.after, page.limit + 1],
  );
  return toPage(
    rows,
    page.limit,
    (row) => String(row.id),
    (row) => ({ id: row.event_id, code: row.code, message: row.message, event: row.event, at: row.at }),
  );
}
