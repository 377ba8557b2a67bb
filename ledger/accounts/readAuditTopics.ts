/** Reads which lists people have changed of an account since another look at its audit log (C3). */
import type { AuditArea } from '../../domain/audit';
import type { Db } from '../db';

/** Lists that only people change. The audit log tells of them. */
type AuditTopic = 'account' | 'files' | 'limits' | 'members' | 'keys' | 'payment_methods' | 'webhook_endpoints';
/**
 * By area of the audit log, the lists that change with it. Null where `readTopicMarks` shows the change already, where it belongs to
 * no account, or where the audit log is the only list that has it.
 */
export const AUDIT_TOPICS: Readonly<Record<AuditArea, AuditTopic | readonly AuditTopic[] | null>> = {
  account: 'account',
  adjustment: null,
  auto_reload: null,
  batch: null,
  customer: 'payment_methods',
  dataset: 'limits',
  dedicated_endpoint: 'limits',
  file: 'files',
  key: 'keys',
  limit_request: 'limits',
  // Whoever is removed or given another role takes their keys along.
  member: ['members', 'keys'],
  model: null,
  payment: null,
  payment_method: 'payment_methods',
  prepayment: null,
  reconcile: null,
  reload: null,
  session: null,
  suspension: 'account',
  usage: null,
  webhook: 'webhook_endpoints',
};

/** What people have changed of an account since an entry of its audit log. */
export async function readAuditTopics(db: Db, accountId: string, sinceId: number): Promise<string[]> {
  const { rows } = await db.query<{ area: string }>({
    name: 'read-audit-topics',
    text: `select distinct split_part(action, '.', 1) as area from audit where account_id = $1 and id > $2`,
    values: [accountId, sinceId],
  });
  const topics = new Map(Object.entries(AUDIT_TOPICS));
  return rows.flatMap(({ area }) => topics.get(area) ?? []);
}
