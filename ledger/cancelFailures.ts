/** Payments that shall not be paid any more, and that Stripe does not cancel: no reload opens before they are (A7). */
import type { Db, Tx } from './db';
import { lockAccount } from './lockAccount';
import type { Payment } from './payments';
import { recordDecision } from './recordDecision';

export type CancelFailure = { tries: number; since: Date; because: string };

/** An outage passes; after so many tries, half a minute, somebody should look. */
const TRIES_UNTIL_TOLD = 5;
const FIRST_DELAY_MS = 1_000;
const DELAY_MS_MAX = 300_000;

/** What is waited after the n-th try that failed. */
export const cancelDelayMs = (tries: number): number => Math.min(FIRST_DELAY_MS * 2 ** tries, DELAY_MS_MAX);

/** Keeps a try that failed. `alarm`: it has been tried for so long that an operator should look; said once. */
export async function recordCancelFailure(tx: Tx, payment: Payment, because: string, nowMs: number): Promise<{ alarm: boolean }> {
  await lockAccount(tx, payment.accountId);
  const { rows } = await tx.query<{ cancel_tries: number }>(
    `update payments set cancel_tries = cancel_tries + 1, cancel_failed_at = coalesce(cancel_failed_at, $2), cancel_failed_because = $3
     where id = $1 and status in ('processing', 'requires_action') returning cancel_tries`, [payment.id, new Date(nowMs), because]);
  if (!rows[0]) return { alarm: false };
  const tries = rows[0].cancel_tries;
  await tx.query('update payments set cancel_due_at = $2 where id = $1', [payment.id, new Date(nowMs + cancelDelayMs(tries))]);
  if (tries !== TRIES_UNTIL_TOLD) return { alarm: false };
  await recordDecision(tx, payment.accountId, {
    id: `not-canceled/${payment.id}`, atMs: nowMs, kind: 'not_charged', rule: 'A7',
    because: `an earlier charge that was not paid could not be canceled in ${tries} tries, and no reload opens before it is: ${because}`,
  }, { payment: payment.id, paymentIntentId: payment.paymentIntentId });
  return { alarm: true };
}

/** Null for a payment that is decided, or has not been tried for long. */
export async function readCancelFailure(db: Db, paymentId: string): Promise<CancelFailure | null> {
  const { rows } = await db.query<CancelFailure>(
    `select cancel_tries as tries, cancel_failed_at as since, cancel_failed_because as because from payments
     where id = $1 and status in ('processing', 'requires_action') and cancel_tries >= $2`, [paymentId, TRIES_UNTIL_TOLD]);
  return rows[0] ?? null;
}
