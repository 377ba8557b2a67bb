/** Puts the environment's admin key in force. */
import type { Db } from '../db';
import { hashOf } from './apiKey';

/** Makes a given key an admin key that is in force, however often. */
export async function ensureAdminKey(db: Db, key: string, name: string): Promise<void> {
  await db.query(
    `insert into api_keys (hash, role, name) values ($1, 'admin', $2)
     on conflict (hash) do update set revoked_at = null where api_keys.role = 'admin'`,
    [hashOf(key), name],
  );
}
