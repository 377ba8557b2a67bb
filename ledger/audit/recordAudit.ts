/** Records one change by a person in the audit log, in the change's own transaction (O5). */
import type { AuditAction } from '../../domain/audit';
import type { Db } from '../db';

/** @param accountId null for what belongs to no account, such as a model's price */
export async function recordAudit(
  db: Db,
  accountId: string | null,
  actor: string,
  action: AuditAction,
  details: object,
): Promise<void> {
  await db.query('insert into audit (account_id, actor, action, details) values ($1, $2, $3, $4)', [
    accountId,
    actor,
    action,
    JSON.stringify(details),
  ]);
}
