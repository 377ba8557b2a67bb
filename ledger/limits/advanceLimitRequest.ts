/** What a request's workflow does when it wakes: it ends with the decision, or writes to the admins when a mail is due (L6). */
import { adminMailDueMs, adminMailsDue } from '../../domain/limitRequest';
import type { Tx } from '../db';
import { postMail } from '../notices/postMail';
import type { LimitRequest } from './limitRequest';
import { readLimitRequest } from './readLimitRequest';

export type Admins = {
  /** Who is told of requests that wait. */
  emails: readonly string[];
  /** Where they decide. */
  url: string;
};

export type LimitRequestAdvanced =
  | { kind: 'ended' }
  /** `mailed`: whether a mail was due, and to how many. */
  | { kind: 'wait'; untilMs: number; mailed: number | null };

/** Repeated it changes nothing: mails are counted in the row. A request that is not there (a restored backup) has ended. */
export async function advanceLimitRequest(
  tx: Tx,
  { requestId, nowMs, admins }: { requestId: string; nowMs: number; admins: Admins },
): Promise<LimitRequestAdvanced> {
  const { rows } = await tx.query<{ reminders: number; is_open: boolean }>(
    `select q.reminders, a.closing_at is null as is_open
     from limit_requests q join accounts a on a.id = q.account_id where q.id = $1 for update of q`,
    [requestId],
  );
  const request = await readLimitRequest(tx, requestId);
  if (!rows[0] || !request) return { kind: 'ended' };
  if (request.status !== 'pending') {
    await tx.query('update limit_requests set ended_at = coalesce(ended_at, clock_timestamp()) where id = $1', [
      requestId,
    ]);
    return { kind: 'ended' };
  }
  const { reminders: sent, is_open: isOpen } = rows[0];
  const createdMs = request.createdAt.getTime();
  const due = adminMailsDue(createdMs, nowMs);
  const isDue = due > sent && isOpen;
  if (isDue) await mailAdmins(tx, request, due, admins);
  return {
    kind: 'wait',
    untilMs: adminMailDueMs(createdMs, due + 1),
    mailed: isDue ? admins.emails.length : null,
  };
}

/** @param number of the mail: the first tells, the others remind */
async function mailAdmins(tx: Tx, request: LimitRequest, number: number, { emails, url }: Admins): Promise<void> {
  const { id, accountId, key, model, requested, current, reason, actor, createdAt } = request;
  await tx.query('update limit_requests set reminders = $2 where id = $1', [id, number]);
  if (emails.length === 0) return;
  await postMail(tx, accountId, `limit-request/${id}/admins/${number}`, emails, {
    kind: 'limit_request_waiting',
    request: id,
    account: accountId,
    key,
    model,
    requested: String(requested),
    current: String(current),
    reason,
    by: actor,
    askedAt: createdAt.toISOString(),
    isReminder: number > 1,
    url,
  });
}
