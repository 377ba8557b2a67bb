/** API keys: 32 random bytes behind a readable prefix. Only their SHA-256 is kept, so they are shown once. */
import { createHash, randomBytes } from 'node:crypto';
import type { Db } from '../db';
import type { MemberRole } from './members';

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

export async function createPlatformKey(db: Db, role: 'admin' | 'service', name: string): Promise<CreatedKey> {
  const key = newKey();
  const { rows } = await db.query<{ id: string }>(
    'insert into api_keys (hash, role, name) values ($1, $2, $3) returning id',
    [hashOf(key), role, name],
  );
  return { id: rows[0]!.id, key };
}

/** Null when the account has no such member. */
export async function createMemberKey(db: Db, accountId: string, memberId: string): Promise<CreatedKey | null> {
  const key = newKey();
  const { rows } = await db.query<{ id: string }>(
    `insert into api_keys (hash, role, member_id, name)
     select $1, 'member', id, email from members where id = $2 and account_id = $3 and removed_at is null for share returning id`,
    [hashOf(key), memberId, accountId],
  );
  return rows[0] ? { id: rows[0].id, key } : null;
}

/** Makes a given key an admin key that is in force, however often. */
export async function ensureAdminKey(db: Db, key: string, name: string): Promise<void> {
  await db.query(
    `insert into api_keys (hash, role, name) values ($1, 'admin', $2)
     on conflict (hash) do update set revoked_at = null where api_keys.role = 'admin'`,
    [hashOf(key), name],
  );
}

type HolderRow = {
  id: string;
  role: 'admin' | 'service' | 'member';
  name: string;
  member_id: string;
  member_role: MemberRole;
  account_id: string;
};
const HOLDERS = `select k.hash, k.id, k.role, coalesce(m.email, k.name) as name, m.id as member_id, m.role as member_role, m.account_id
  from api_keys k left join members m on m.id = k.member_id and m.removed_at is null
  where k.revoked_at is null and (k.role <> 'member' or m.id is not null)`;

/** Null when no key in force has this hash. */
export async function findKeyHolder(db: Db, hash: Buffer): Promise<KeyHolder | null> {
  const { rows } = await db.query<HolderRow>({
    name: 'find-key-holder',
    text: `${HOLDERS} and k.hash = $1`,
    values: [hash],
  });
  return rows[0] ? toKeyHolder(rows[0]) : null;
}

/** The same for many, in their order. */
export async function findKeyHolders(db: Db, hashes: readonly Buffer[]): Promise<(KeyHolder | null)[]> {
  const { rows } = await db.query<HolderRow & { hash: Buffer }>({
    name: 'find-key-holders',
    text: `${HOLDERS} and k.hash = any($1)`,
    values: [hashes],
  });
  const byHash = new Map(rows.map((row) => [row.hash.toString('base64'), toKeyHolder(row)]));
  return hashes.map((hash) => byHash.get(hash.toString('base64')) ?? null);
}

const toKeyHolder = (row: HolderRow): KeyHolder =>
  row.role === 'member'
    ? { keyId: row.id, role: row.member_role, name: row.name, memberId: row.member_id, accountId: row.account_id }
    : { keyId: row.id, role: row.role, name: row.name };

type KeyRow = { id: string; role: ApiKey['role']; name: string; member_id: string | null; created_at: Date };
const toApiKey = (row: KeyRow): ApiKey => ({
  id: row.id,
  role: row.role,
  name: row.name,
  memberId: row.member_id,
  createdAt: row.created_at,
});

/** Keys in force: those of an account's members, or with null those of the platform. */
export async function listKeys(db: Db, accountId: string | null): Promise<ApiKey[]> {
  const { rows } = await db.query<KeyRow>(
    `select k.id, coalesce(m.role, k.role) as role, k.name, k.member_id, k.created_at
     from api_keys k left join members m on m.id = k.member_id
     where k.revoked_at is null and m.account_id is not distinct from $1 order by k.created_at desc, k.id`,
    [accountId],
  );
  return rows.map(toApiKey);
}

/** Returns false when the account (or, with null, the platform) has no such key in force. */
export async function revokeKey(db: Db, accountId: string | null, keyId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update api_keys k set revoked_at = now() where k.id = $2 and k.revoked_at is null
       and (select m.account_id from members m where m.id = k.member_id) is not distinct from $1`,
    [accountId, keyId],
  );
  return rowCount === 1;
}

const newKey = (): string => `bk_${randomBytes(32).toString('base64url')}`;
