/** What a PaymentIntent says of the payment of ours that it is for: signed, so that nobody else's can say it (P6, O4). */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type Stripe from 'stripe';
import type { PaymentClaim } from '../domain/payment';
import { ACCOUNT_CLAIM, idOf, PAYMENT_CLAIM } from './looking';

export type Claims = {
  /** The metadata of a PaymentIntent made for this payment. */
  metadataOf(claim: PaymentClaim): Record<string, string>;
  /** What the metadata claims, if Ballast has signed it for this customer; else null. */
  claimOf(intent: Stripe.PaymentIntent): PaymentClaim | null;
};

const PURPOSE = 'ballast_purpose';
const CENTS = 'ballast_cents';
const KEY = 'ballast_key';
const REQUEST = 'ballast_request';
const RELOAD = 'ballast_reload';
const SIGNATURE = 'ballast_signature';

/**
 * The signature covers all that a lost row is rebuilt from, and the customer: a copy of the metadata says nothing more
 * than the original, and nothing at another customer.
 * @param secret the API's and the worker's must be the same; another one ends the claims that were made
 */
export function createClaims(secret: string): Claims {
  // Its own key: what else the secret is used for stays apart.
  const key = createHash('sha256').update(`ballast/payment-claim/${secret}`).digest();
  const signatureOf = (claim: PaymentClaim): string => {
    const { paymentId, accountId, purpose, cents, customerId, idempotencyKey, requestHash, reloadNumber } = claim;
    const signed = [paymentId, accountId, purpose, cents, customerId, idempotencyKey, requestHash, reloadNumber];
    return createHmac('sha256', key).update(JSON.stringify(signed)).digest('base64url');
  };
  return {
    metadataOf: (claim) => ({
      [PAYMENT_CLAIM]: claim.paymentId,
      [ACCOUNT_CLAIM]: claim.accountId,
      [PURPOSE]: claim.purpose,
      [CENTS]: String(claim.cents),
      ...(claim.idempotencyKey !== null && { [KEY]: claim.idempotencyKey }),
      ...(claim.requestHash !== null && { [REQUEST]: claim.requestHash }),
      ...(claim.reloadNumber !== null && { [RELOAD]: String(claim.reloadNumber) }),
      [SIGNATURE]: signatureOf(claim),
    }),
    claimOf({ metadata, customer }) {
      const {
        [SIGNATURE]: signature,
        [PAYMENT_CLAIM]: paymentId,
        [ACCOUNT_CLAIM]: accountId,
        [PURPOSE]: purpose,
      } = metadata;
      const customerId = idOf(customer);
      if (!signature || !paymentId || !accountId || customerId === null) return null;
      if (purpose !== 'prepayment' && purpose !== 'reload') return null;
      const claim: PaymentClaim = {
        paymentId,
        accountId,
        purpose,
        cents: Number(metadata[CENTS]),
        customerId,
        idempotencyKey: metadata[KEY] ?? null,
        requestHash: metadata[REQUEST] ?? null,
        reloadNumber: metadata[RELOAD] === undefined ? null : Number(metadata[RELOAD]),
      };
      return isSame(signature, signatureOf(claim)) ? claim : null;
    },
  };
}

/** Compared by their hashes: those are of one length, and take one time. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
