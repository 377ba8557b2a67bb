/** Gives a payment the PaymentIntent that was made for it and whose id was lost (O4, P2). */
import type { PaymentClaim } from '../../domain/payment';
import type { Tx } from '../db';
import type { Payment } from './payment';

/**
 * Under the same key the older request counts: amount and content are those that the PaymentIntent was made for. Whoever
 * has asked for something else under that key is told so; a request that is refused charges nothing, so the older one ends
 * with it, unless it was paid or is under way. The caller holds the account's lock.
 * @param isIdle nothing pays it unless it is confirmed (again)
 */
export async function adoptIntent(
  tx: Tx,
  { id }: Payment,
  claim: PaymentClaim,
  paymentIntentId: string,
  isIdle: boolean,
): Promise<void> {
  await tx.query(
    `update payments set payment_intent_id = $2, amount_cents = $3, request_hash = $4,
       status = case when $5 and status = 'processing' and request_hash is distinct from $4 then 'canceled' else status end
     where id = $1 and payment_intent_id is null`,
    [id, paymentIntentId, claim.cents, claim.requestHash, isIdle],
  );
}
