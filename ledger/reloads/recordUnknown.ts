/** Records that the outcome of an attempt is not known, and when to look again (A9). */
import type { Tx } from '../db';
import type { Attempt } from './beginAttempt';
import { lockAccount } from '../accounts/lockAccount';

const FIRST_LOOK_MS = 5_000;

const LOOK_MS_MAX = 300_000;

/**
 * The outcome is to be found out later, with growing waits (A9). No strike: the method has not answered. Of an attempt
 * that the reload is past, or a method that has answered since, there is nothing to find out, and the waits stay as they are (A10).
 */
export async function recordUnknown(tx: Tx, attempt: Attempt): Promise<{ dueMs: number }> {
  await lockAccount(tx, attempt.accountId);
  const { rows } = await tx.query<{ looks: number }>(
    `insert into payment_attempts as a (payment_id, attempt, payment_method_id, role, confirmations, looks, at)
     select $1, $2, $3, $4, 0, 1, $5 where not exists (select 1 from reloads where id = $1 and attempt <> $2)
     on conflict (payment_id, attempt, payment_method_id) do update set looks = a.looks + 1 where a.outcome = 'unknown' returning looks`,
    [attempt.paymentId, attempt.attempt, attempt.methodId, attempt.role, new Date(attempt.nowMs)],
  );
  if (!rows[0]) return { dueMs: attempt.nowMs };
  const { looks } = rows[0];
  const dueMs = attempt.nowMs + Math.min(FIRST_LOOK_MS * 2 ** (looks - 1), LOOK_MS_MAX);
  const due = new Date(dueMs);
  await tx.query(`update reloads set state = 'unknown', due_at = $2 where id = $1 and closed_at is null`, [
    attempt.paymentId,
    due,
  ]);
  return { dueMs };
}
