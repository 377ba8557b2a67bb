/** Finds whom keys speak for, by their hashes. */
import type { Db } from '../db';
import type { KeyHolder } from './apiKey';
import type { MemberRole } from './member';

type HolderRow = {
  id: string;
  role: 'admin' | 'service' | 'member';
  name: string;
  member_id: string;
  member_role: MemberRole;
  account_id: string;
};

/** In their order; null where no key in force has the hash. */
export async function findKeyHolders(db: Db, hashes: readonly Buffer[]): Promise<(KeyHolder | null)[]> {
  const { rows } = await db.query<HolderRow & { hash: Buffer }>({
    name: 'find-key-holders',
    text: `select k.hash, k.id, k.role, coalesce(m.email, k.name) as name, m.id as member_id, m.role as member_role, m.account_id
      from api_keys k left join members m on m.id = k.member_id and m.removed_at is null
      where k.hash = any($1) and k.revoked_at is null and (k.role <> 'member' or m.id is not null)`,
    values: [hashes],
  });
  const byHash = new Map(rows.map((row) => [row.hash.toString('base64'), toKeyHolder(row)]));
  return hashes.map((hash) => byHash.get(hash.toString('base64')) ?? null);
}

const toKeyHolder = (row: HolderRow): KeyHolder =>
  row.role === 'member'
    ? { keyId: row.id, role: row.member_role, name: row.name, memberId: row.member_id, accountId: row.account_id }
    : { keyId: row.id, role: row.role, name: row.name };
