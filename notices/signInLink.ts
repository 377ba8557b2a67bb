/** Links of ours by which whoever reads a mailbox signs in to the console. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type SignInLinks = {
  urlOf(link: { signInId: string; email: string }): string;
  /** Which link it is, or null when it can't be one of ours. */
  read(token: string): SignInLink | null;
};

export type SignInLink = {
  signInId: string;
  /** Whether it was made by us, for this address. */
  isFor(email: string): boolean;
};

/** The id of the row in `sign_ins`, which knows whether it is still good, and an HMAC-SHA-256 of it and the address as base64url. */
const TOKEN = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;

/** @param secret the API's and the worker's must be the same; another one ends the links that are out */
export function createSignInLinks({ publicUrl, secret }: { publicUrl: string; secret: string }): SignInLinks {
  const base = publicUrl.replace(/\/+$/, '');
  // Its own key: what else the secret is used for stays apart.
  const key = createHash('sha256').update(`ballast/sign-in-link/${secret}`).digest();
  const macOf = (signInId: string, email: string): Buffer =>
    createHmac('sha256', key).update(`${signInId}/${email.toLowerCase()}`).digest();
  return {
    urlOf: ({ signInId, email }) => `${base}/sign-in/${signInId}.${macOf(signInId, email).toString('base64url')}`,
    read(token) {
      const [, signInId, mac] = TOKEN.exec(token) ?? [];
      if (signInId === undefined || mac === undefined) return null;
      const given = Buffer.from(mac, 'base64url');
      return { signInId, isFor: (email) => timingSafeEqual(given, macOf(signInId, email)) };
    },
  };
}
