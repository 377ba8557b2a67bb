/** Marks those of our refund requests that Stripe has made (P5). */
import type { Tx } from '../db';
import type { Payment } from './payment';
import type { SeenRefund } from '../../domain/payment';

/** Those of our requests that are found among the refunds at Stripe, whoever has looked. */
export async function markRefundsMade(tx: Tx, payment: Payment, refunds: readonly SeenRefund[]): Promise<void> {
  for (const { id, requestId } of refunds) {
    if (requestId === null) continue;
    await tx.query(
      `update refund_requests set status = 'made', refund_id = $3 where id::text = $1 and payment_id = $2 and status <> 'made'`,
      [requestId, payment.id, id],
    );
  }
}
