/** Records how the sending of a notice to one owner went. */
import type { Delivery } from './claimDeliveries';
import type { Db } from '../db';

export type DeliveryOutcome =
  | { kind: 'sent' }
  /** Tried again after `delaySeconds`. */
  | { kind: 'put_off'; error: string; delaySeconds: number }
  /** Given up for good. */
  | { kind: 'failed'; error: string };

const ERROR_LENGTH_MAX = 500;

const statement = {
  name: 'record-delivery',
  text: `
    update notice_deliveries set
      status = case $4 when 'sent' then 'sent' when 'failed' then 'failed' else 'pending' end,
      sent_at = case when $4 = 'sent' then now() end,
      last_error = $5,
      next_attempt_at = case when $4 = 'put_off' then now() + make_interval(secs => $6) else next_attempt_at end
    where notice_id = $1 and recipient = $2 and status <> 'sent' and ($4 = 'sent' or attempts = $3)`,
};

/** A mail that went out counts, even if its try had run out of time; any other news counts from the newest try only. */
export async function recordDelivery(
  db: Db,
  { noticeId, recipient, attempt }: Pick<Delivery, 'noticeId' | 'recipient' | 'attempt'>,
  outcome: DeliveryOutcome,
): Promise<void> {
  // Servers answer what they like; Postgres takes no NUL.
  const error = outcome.kind === 'sent' ? null : outcome.error.replaceAll('\0', '').slice(0, ERROR_LENGTH_MAX);
  const delaySeconds = outcome.kind === 'put_off' ? outcome.delaySeconds : 0;
  await db.query({ ...statement, values: [noticeId, recipient, attempt, outcome.kind, error, delaySeconds] });
}
