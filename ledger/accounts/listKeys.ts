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
