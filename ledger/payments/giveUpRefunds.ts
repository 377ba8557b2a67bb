/** Gives up refund requests that never reached Stripe (P5). */
import type { Tx } from '../db';
import type { Payment } from './payment';

/** A request that Stripe knows nothing of after so long was never made (an answer takes seconds, not an hour). */
const GIVEN_UP_AFTER = '1 hour';

/** Frees what was asked for, never came through, and nobody asked for again. The caller has looked under the lock. */
export async function giveUpRefunds(tx: Tx, payment: Payment): Promise<void> {
  await tx.query(
    `update refund_requests set status = 'refused' where payment_id = $1 and status = 'requested' and requested_at < now() - $2::interval`,
    [payment.id, GIVEN_UP_AFTER],
  );
}
