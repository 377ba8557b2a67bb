/** Counts a try of a refund that Stripe has answered without a refund (P5). */
import type { Tx } from '../db';

/** Stripe has answered without a refund and keeps that answer: the next time goes under another key. */
export async function countRefundTry(tx: Tx, requestId: string): Promise<void> {
  await tx.query(`update refund_requests set tries = tries + 1 where id = $1 and status = 'requested'`, [requestId]);
}
