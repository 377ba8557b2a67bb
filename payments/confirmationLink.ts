/** Links of ours to the page where an owner confirms a payment (A11, P2). */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type ConfirmationLinks = {
  /** The same for a payment each time, so that it may be sent again and compared. */
  urlOf(paymentId: string): string;
  /** The payment of a link's token, or null when the token is not one of ours. */
  paymentOf(token: string): string | null;
};

/** A UUID and its HMAC-SHA-256 as base64url. */
const TOKEN = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;

/**
 * The token is the payment's id with its HMAC: unguessable without the secret, and nothing is stored.
 * @param secret the API's and the worker's must be the same; another one ends the links that are out
 */
export function createConfirmationLinks({
  publicUrl,
  secret,
}: {
  publicUrl: string;
  secret: string;
}): ConfirmationLinks {
  const base = publicUrl.replace(/\/+$/, '');
  // Its own key: what else the secret is used for stays apart.
  const key = createHash('sha256').update(`ballast/confirmation-link/${secret}`).digest();
  const macOf = (paymentId: string): Buffer => createHmac('sha256', key).update(paymentId).digest();
  return {
    urlOf: (paymentId) => `${base}/confirm/${paymentId}.${macOf(paymentId).toString('base64url')}`,
    paymentOf(token) {
      const [, paymentId, mac] = TOKEN.exec(token) ?? [];
      if (paymentId === undefined || mac === undefined) return null;
      return timingSafeEqual(Buffer.from(mac, 'base64url'), macOf(paymentId)) ? paymentId : null;
    },
  };
}
