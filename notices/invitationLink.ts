/** Links of ours by which a member confirms an address. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type InvitationLinks = {
  urlOf(invitation: { memberId: string; email: string; expiresAt: string }): string;
  /** Whose link it is and until when it is good, or null when it can't be one of ours. */
  read(token: string): InvitationToken | null;
};

export type InvitationToken = {
  memberId: string;
  expiresMs: number;
  /** Whether it was made by us, for this address. */
  isFor(email: string): boolean;
};

/** The member's UUID, the end of its time in seconds, and an HMAC-SHA-256 of both and the address as base64url. */
const TOKEN = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{10})\.([A-Za-z0-9_-]{43})$/;

/** @param secret the API's and the worker's must be the same; another one ends the links that are out */
export function createInvitationLinks({ publicUrl, secret }: { publicUrl: string; secret: string }): InvitationLinks {
  const base = publicUrl.replace(/\/+$/, '');
  // Its own key: what else the secret is used for stays apart.
  const key = createHash('sha256').update(`ballast/invitation-link/${secret}`).digest();
  const macOf = (memberId: string, email: string, seconds: string): Buffer =>
    createHmac('sha256', key).update(`${memberId}/${seconds}/${email.toLowerCase()}`).digest();
  return {
    urlOf({ memberId, email, expiresAt }) {
      const seconds = String(Math.floor(Date.parse(expiresAt) / 1_000));
      return `${base}/invitations/${memberId}.${seconds}.${macOf(memberId, email, seconds).toString('base64url')}`;
    },
    read(token) {
      const [, memberId, seconds, mac] = TOKEN.exec(token) ?? [];
      if (memberId === undefined || seconds === undefined || mac === undefined) return null;
      const given = Buffer.from(mac, 'base64url');
      return {
        memberId,
        expiresMs: Number(seconds) * 1_000,
        isFor: (email) => timingSafeEqual(given, macOf(memberId, email, seconds)),
      };
    },
  };
}
