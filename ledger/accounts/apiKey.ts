/** API keys: 32 random bytes behind a readable prefix. Only their SHA-256 is kept, so they are shown once. */
import { createHash, randomBytes } from 'node:crypto';
import type { MemberRole } from './member';

/** Whom a key speaks for. */
export type KeyHolder =
  | { keyId: string; role: 'admin' | 'service'; name: string }
  | { keyId: string; role: MemberRole; name: string; memberId: string; accountId: string };

export type ApiKey = {
  id: string;
  role: 'admin' | 'service' | MemberRole;
  name: string;
  memberId: string | null;
  createdAt: Date;
};
export type CreatedKey = { id: string; key: string };

export const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

export const newKey = (): string => `bk_${randomBytes(32).toString('base64url')}`;
