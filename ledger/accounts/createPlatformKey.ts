/** Makes a key of the platform: for an admin, or for a service that asks gates and reports usage. */
import type { Db } from '../db';
import { hashOf, newKey, type CreatedKey } from './apiKey';

export async function createPlatformKey(db: Db, role: 'admin' | 'service', name: string): Promise<CreatedKey> {
  const key = newKey();
  const { rows } = await db.query<{ id: string }>(
    'insert into api_keys (hash, role, name) values ($1, $2, $3) returning id',
    [hashOf(key), role, name],
  );
  return { id: rows[0]!.id, key };
}
