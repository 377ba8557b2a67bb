/** Finds whom sessions speak for, by the hashes of their tokens. */
import type { Db } from '../db';
import { SESSIONS_IN_FORCE, toHolder, type Holder, type HolderRow } from './session';

/** In their order; null for one that has ended. */
export async function findSessionHolders(db: Db, hashes: readonly Buffer[]): Promise<(Holder | null)[]> {
  const { rows } = await db.query<HolderRow>({
    name: 'find-session-holders',
    text: `${SESSIONS_IN_FORCE} and s.hash = any($1)`,
    values: [hashes],
  });
  const byHash = new Map(rows.map((row) => [row.hash.toString('base64'), toHolder(row)]));
  return hashes.map((hash) => byHash.get(hash.toString('base64')) ?? null);
}
