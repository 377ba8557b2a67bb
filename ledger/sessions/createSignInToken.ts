/** Makes a token that begins one session of a key: for a link that a program prints. */
import { randomBytes } from 'node:crypto';
import type { Db } from '../db';
import { sessionHashOf } from './session';

export type SignInToken = { token: string; expiresAt: Date };

const GOOD_FOR = '1 hour';

/** Null when no key in force has this hash. */
export async function createSignInToken(db: Db, keyHash: Buffer): Promise<SignInToken | null> {
  const token = randomBytes(32).toString('base64url');
  const { rows } = await db.query<{ expires_at: Date }>(
    `insert into sign_ins (hash, key_id, expires_at)
     select $1, id, now() + interval '${GOOD_FOR}' from api_keys where hash = $2 and revoked_at is null
     returning expires_at`,
    [sessionHashOf(token), keyHash],
  );
  return rows[0] ? { token, expiresAt: rows[0].expires_at } : null;
}
