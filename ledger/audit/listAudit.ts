/** Lists the audit log of an account, newest first (O5). */
import type { Db } from '../db';
import { type Page, type PageRequest, toPage } from '../page';

export type AuditEntry = { at: Date; actor: string; action: string; details: Record<string, unknown> };
type Row = { id: bigint; at: Date; actor: string; action: string; details: Record<string, unknown> };

export async function listAudit(db: Db, accountId: string, page: PageRequest): Promise<Page<AuditEntry>> {
  const { rows } = await db.query<Row>(
    `select id, at, actor, action, details from audit where account_id = $1 and ($2::bigint is null or id < $2)
     order by id desc limit $3`,
    [accountId, page.after, page.limit + 1],
  );
  return toPage(
    rows,
    page.limit,
    (row) => String(row.id),
    ({ at, actor, action, details }) => ({ at, actor, action, details }),
  );
}
