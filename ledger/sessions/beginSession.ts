/** Begins a session of a key, or of a member who was written to. */
import type { Db } from '../db';
import { newSessionToken, sessionHashOf } from './session';

/** `email`: the address that the member's link went to. */
export type SessionOf = { keyId: string } | { memberId: string; email: string };

/** @param createdAt of the session that this one goes on with. @default now. Answers with the token, which is kept nowhere else. */
export async function beginSession(db: Db, of: SessionOf, createdAt: Date | null = null): Promise<string> {
  const token = newSessionToken();
  const { keyId, memberId, email } = { keyId: null, memberId: null, email: null, ...of };
  await db.query(
    `insert into sessions (hash, key_id, member_id, email, created_at) values ($1, $2, $3, $4, coalesce($5, now()))`,
    [sessionHashOf(token), keyId, memberId, email, createdAt],
  );
  return token;
}
