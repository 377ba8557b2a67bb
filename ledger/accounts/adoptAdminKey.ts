/** The admin key of the environment: the newest that came takes the place of those before it, and what was revoked stays so. */
import type { Pool } from 'pg';
import { transaction } from '../db';
import { hashOf } from './apiKey';

/** Any constant will do, as long as nobody else uses it in this database. */
const ADVISORY_LOCK = 7_225_580;
const NAME = 'ADMIN_KEY';

/**
 * Puts a given key in force as an admin key and revokes the one that the environment gave before. Called again, also by
 * other processes at the same time, it changes nothing: of two keys at once, the later one is in force.
 * Returns false, and changes nothing, when the key was revoked or replaced before, or is of another role: an old process
 * that starts again with an old environment must not revive a key that was given up.
 */
export async function adoptAdminKey(pool: Pool, key: string): Promise<boolean> {
  const hash = hashOf(key);
  return transaction(pool, async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
    const { rowCount } = await tx.query(
      `insert into api_keys (hash, role, name, of_environment) values ($1, 'admin', $2, true)
       on conflict (hash) do update set of_environment = true where api_keys.role = 'admin' and api_keys.revoked_at is null`,
      [hash, NAME],
    );
    if (rowCount === 0) return false;
    await tx.query(
      'update api_keys set revoked_at = now() where of_environment and hash <> $1 and revoked_at is null',
      [hash],
    );
    return true;
  });
}
