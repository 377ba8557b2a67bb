/** Takes a sign-in token, which is good once: whose key it speaks for. */
import type { Tx } from '../db';
import { sessionHashOf } from './session';

/** The key's id; null for a token that is unknown, used or too old. */
export async function takeSignInToken(tx: Tx, token: string): Promise<string | null> {
  const { rows } = await tx.query<{ key_id: string }>(
    'update sign_ins set used_at = now() where hash = $1 and used_at is null and expires_at > now() returning key_id',
    [sessionHashOf(token)],
  );
  return rows[0]?.key_id ?? null;
}
