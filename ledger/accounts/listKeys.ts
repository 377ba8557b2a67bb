/** Lists the keys in force of an account's members, or of the platform. */
import type { Db } from '../db';
import type { ApiKey } from './apiKey';

type KeyRow = { id: string; role: ApiKey['role']; name: string; member_id: string | null; created_at: Date };
const toApiKey = (row: KeyRow): ApiKey => ({
  id: row.id,
  role: row.role,
  name: row.name,
  memberId: row.member_id,
  createdAt: row.created_at,
});

/** Of a platform's keys none has a member. */
const PLATFORM_KEYS = `
  select k.id, k.role, k.name, k.member_id, k.created_at from api_keys k
  where k.member_id is null and k.revoked_at is null order by k.created_at desc, k.id`;
const MEMBERS_KEYS = `
  select k.id, m.role, k.name, k.member_id, k.created_at from members m join api_keys k on k.member_id = m.id
  where m.account_id = $1 and k.revoked_at is null order by k.created_at desc, k.id`;

/** Keys in force: those of an account's members, or with null those of the platform. */
export async function listKeys(db: Db, accountId: string | null): Promise<ApiKey[]> {
  const { rows } = await db.query<KeyRow>(
    accountId === null ? PLATFORM_KEYS : MEMBERS_KEYS,
    accountId === null ? [] : [accountId],
  );
  return rows.map(toApiKey);
}
