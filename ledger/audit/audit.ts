/** The audit log: every change by a person, written in the change's own transaction (O5). */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

export type AuditEntry = { at: Date; actor: string; action: string; details: Record<string, unknown> };

/** @param accountId null for what belongs to no account, such as a model's price */
export async function recordAudit(
  db: Db,
  accountId: string | null,
  actor: string,
  action: string,
  details: object,
): Promise<void> {
  await db.query('insert into audit (account_id, actor, action, details) values ($1, $2, $3, $4)', [
    accountId,
    actor,
    action,
    JSON.stringify(details),
  ]);
}

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
