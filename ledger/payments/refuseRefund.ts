/** Ends a refund request that Stripe has refused (P5). */
import type { Tx } from '../db';

/** Nothing was made, and nothing will be: its cents are free again. */
export async function refuseRefund(tx: Tx, requestId: string): Promise<void> {
  await tx.query(`update refund_requests set status = 'refused' where id = $1 and status = 'requested'`, [requestId]);
}
