/** Records that Stripe does not cancel a payment that shall not be paid any more. One of a reload keeps the next from opening (A7). */
import type { Tx } from '../db';
import type { Payment } from '../payments/payment';
import { lockAccount } from '../accounts/lockAccount';
import { cancelDelayMs } from '../../domain/payment';
import { recordDecision } from '../decisions/recordDecision';

/** An outage passes; after so many tries, a quarter of a minute, somebody should look. */
export const TRIES_UNTIL_TOLD = 5;

/** Keeps a try that failed. `alarm`: it holds up reloads, and has for so long that an operator should look; said once. */
export async function recordCancelFailure(
  tx: Tx,
  payment: Payment,
  because: string,
  nowMs: number,
): Promise<{ alarm: boolean }> {
  await lockAccount(tx, payment.accountId);
  const { rows } = await tx.query<{ tries: number }>(
    `select cancel_tries + 1 as tries from payments where id = $1 and payment_is_open(status)`,
    [payment.id],
  );
  if (!rows[0]) return { alarm: false };
  const { tries } = rows[0];
  await tx.query(
    `update payments set cancel_tries = $2, cancel_failed_at = coalesce(cancel_failed_at, $3), cancel_failed_because = $4, cancel_due_at = $5
     where id = $1`,
    [payment.id, tries, new Date(nowMs), because, new Date(nowMs + cancelDelayMs(tries))],
  );
  if (tries !== TRIES_UNTIL_TOLD || payment.purpose !== 'reload') return { alarm: false };
  await recordDecision(
    tx,
    payment.accountId,
    {
      id: `not-canceled/${payment.id}`,
      atMs: nowMs,
      kind: 'not_charged',
      rule: 'A7',
      because: `an earlier charge that was not paid could not be canceled in ${tries} tries, and no reload opens before it is: ${because}`,
    },
    { payment: payment.id, paymentIntentId: payment.paymentIntentId },
  );
  return { alarm: true };
}
