/** Ids that follow from what a caller repeats: the same request again has the same id, also in a database that lost the first (O4). */
import { createHash } from 'node:crypto';

/**
 * A UUID of version 8, made from the account and its Idempotency-Key. What goes to Stripe under it is the same request to
 * Stripe too, and is found there by it.
 */
export function stableId(what: 'prepayment' | 'refund', accountId: string, idempotencyKey: string): string {
  const bytes = createHash('sha256')
    .update(JSON.stringify([what, accountId, idempotencyKey]))
    .digest()
    .subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
