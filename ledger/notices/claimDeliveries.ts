/** Claims notices that are due to be sent: each for a limited time, so that a crash in mid-send is tried again (N1). */
import type { Notice } from '../../domain/notice';
import type { Db } from '../db';

export type Delivery = {
  noticeId: string;
  recipient: string;
  accountName: string;
  notice: Notice;
  /** This try's number, from 1: only the newest try may put the delivery off. */
  attempt: number;
  /** Its link is good no longer: sent now, it would lead nowhere. */
  expired: boolean;
  /** How many earlier notices its mail tells of too. */
  folds: number;
};

type Row = {
  notice_id: string;
  recipient: string;
  account_name: string;
  kind: Notice['kind'];
  data: object;
  attempts: number;
  expired: boolean;
  folds: number;
};

// The next try is entered before the sending begins: a worker that dies leaves a delivery that is due again by itself.
// "Resumed" waits for a "suspended" that has not reached the same owner yet; the other way round they would mislead.
const statement = {
  name: 'claim-deliveries',
  text: `
    with due as (
      select d.notice_id, d.recipient from notice_deliveries d join notices n on n.id = d.notice_id
      where d.status = 'pending' and d.next_attempt_at <= now()
        and not (n.kind = 'resumed' and exists (
          select from notices earlier join notice_deliveries waiting on waiting.notice_id = earlier.id
          where earlier.account_id = n.account_id and earlier.kind = 'suspended' and earlier.at < n.at
            and waiting.recipient = d.recipient and waiting.status = 'pending'))
      order by d.next_attempt_at limit $1 for update of d skip locked
    )
    update notice_deliveries d set attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $2)
    from due join notices n on n.id = due.notice_id join accounts a on a.id = n.account_id
    where d.notice_id = due.notice_id and d.recipient = due.recipient
    returning d.notice_id, d.recipient, a.name as account_name, n.kind, n.data, d.attempts, d.folds,
      coalesce((n.data->>'expiresAt')::timestamptz <= now(), false) as expired`,
};

/** @param leaseSeconds longer than any sending takes: after it another worker may send the same */
export async function claimDeliveries(db: Db, limit: number, leaseSeconds: number): Promise<Delivery[]> {
  const { rows } = await db.query<Row>({ ...statement, values: [limit, leaseSeconds] });
  return rows.map((row) => ({
    noticeId: row.notice_id,
    recipient: row.recipient,
    accountName: row.account_name,
    notice: { kind: row.kind, ...row.data } as Notice,
    attempt: row.attempts,
    expired: row.expired,
    folds: row.folds,
  }));
}
