/** Lists rejected usage events, newest first (B4). */
import type { RejectionCode } from '../../domain/usageEvent';
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

export type RejectedUsage = {
  number: number;
  accountId: string;
  id: string;
  code: RejectionCode;
  message: string;
  event: unknown;
  at: Date;
};

type Row = {
  id: bigint;
  account_id: string;
  event_id: string;
  code: RejectionCode;
  message: string;
  event: unknown;
  at: Date;
};

/** @param accountId null: of all accounts, also of those that nobody knows */
export async function listRejectedUsage(
  db: Db,
  accountId: string | null,
  page: PageRequest,
): Promise<Page<RejectedUsage>> {
  const { rows } = await db.query<Row>(
    `select id, account_id, event_id, code, message, event, at from rejected_usage
     where ($1::text is null or account_id = $1) and ($2::bigint is null or id < $2) order by id desc limit $3`,
    [accountId, page.after, page.limit + 1],
  );
  return toPage(
    rows,
    page.limit,
    (row) => String(row.id),
    (row) => ({
      number: Number(row.id),
      accountId: row.account_id,
      id: row.event_id,
      code: row.code,
      message: row.message,
      event: row.event,
      at: row.at,
    }),
  );
}
