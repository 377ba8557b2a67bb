/** Limit requests for tests that need the ledger only. */
import type { Pool } from 'pg';
import type { LimitKey } from '../../domain/limits';
import { transaction } from '../../ledger/db';
import { createLimitRequest } from '../../ledger/limits/createLimitRequest';
import { decideLimitRequest, type LimitRequestDecided } from '../../ledger/limits/decideLimitRequest';

/** Asks for eight dedicated endpoints where five are the limit. */
export async function askForLimit(
  pool: Pool,
  accountId: string,
  { key = 'dedicated.endpoints', requested = 8 }: { key?: LimitKey; requested?: number } = {},
): Promise<string> {
  const asked = { accountId, key, model: null, requested, reason: 'A launch', actor: 'owner:test', memberId: null };
  const created = await transaction(pool, (tx) => createLimitRequest(tx, asked));
  if (created.kind !== 'created') throw new Error(`no request: ${created.kind}`);
  return created.request.id;
}

export const decideLimit = (
  pool: Pool,
  requestId: string,
  decision: 'approve' | 'deny',
): Promise<LimitRequestDecided> =>
  transaction(pool, (tx) =>
    decideLimitRequest(tx, {
      requestId,
      wish: decision === 'approve' ? { kind: 'approve', granted: null } : { kind: 'deny' },
      note: 'A test',
      actor: 'admin:test',
    }),
  );

/** How many mails the admins were due, and who was told of what. */
export async function readLimitRequestState(
  pool: Pool,
  requestId: string,
): Promise<{ reminders: number; isEnded: boolean; mails: string[] }> {
  const { rows } = await pool.query<{ reminders: number; is_ended: boolean; mails: string[] }>(
    `select q.reminders, q.ended_at is not null as is_ended, array(
       select n.kind || ' ' || d.recipient from notices n join notice_deliveries d on d.notice_id = n.id
       where n.data->>'request' = q.id::text order by n.at, d.recipient) as mails
     from limit_requests q where q.id = $1`,
    [requestId],
  );
  const { reminders, is_ended: isEnded, mails } = rows[0]!;
  return { reminders, isEnded, mails };
}
