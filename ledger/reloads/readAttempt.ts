/** What is written down of one method in one attempt. */
import type { AttemptOutcome } from '../../domain/accountState';
import type { Db } from '../db';

export type RecordedAttempt = {
  outcome: AttemptOutcome;
  declineCode: string | null;
  declineMessage: string | null;
  looks: number;
  atMs: number;
};

/** Null when the method was not tried in this attempt. */
export async function readAttempt(
  db: Db,
  ref: { paymentId: string; attempt: number; methodId: string },
): Promise<RecordedAttempt | null> {
  const { rows } = await db.query<{
    outcome: AttemptOutcome;
    decline_code: string | null;
    decline_message: string | null;
    looks: number;
    at: Date;
  }>(
    `select outcome, decline_code, decline_message, looks, at from payment_attempts
     where payment_id = $1 and attempt = $2 and payment_method_id = $3`,
    [ref.paymentId, ref.attempt, ref.methodId],
  );
  const row = rows[0];
  return row
    ? {
        outcome: row.outcome,
        declineCode: row.decline_code,
        declineMessage: row.decline_message,
        looks: row.looks,
        atMs: row.at.getTime(),
      }
    : null;
}
