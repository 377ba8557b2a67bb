/** Reads a session in force, by the hash of its token. */
import type { Db } from '../db';
import { SESSION_SECONDS_MAX, SESSIONS_IN_FORCE, toHolder, type Holder, type HolderRow } from './session';

export type Session = {
  holder: Holder;
  createdAt: Date;
  /** The latest time at which it ends. */
  expiresAt: Date;
  /** Where its link was sent; null for a session of a key. */
  email: string | null;
};

/** Null for one that has ended. */
export async function readSession(db: Db, hash: Buffer): Promise<Session | null> {
  const { rows } = await db.query<HolderRow>(`${SESSIONS_IN_FORCE} and s.hash = $1`, [hash]);
  const [row] = rows;
  if (!row) return null;
  return {
    holder: toHolder(row),
    createdAt: row.created_at,
    expiresAt: new Date(row.created_at.getTime() + SESSION_SECONDS_MAX * 1_000),
    email: row.email,
  };
}
