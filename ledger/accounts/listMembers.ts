/** Lists the members of an account, oldest first; of those that were made together, owners first. */
import type { Db } from '../db';
import { MEMBER_COLUMNS, type Member } from './member';

export async function listMembers(db: Db, accountId: string): Promise<Member[]> {
  const { rows } = await db.query<Member>(
    `select ${MEMBER_COLUMNS} from members where account_id = $1 and removed_at is null
     order by created_at, array_position(array['owner', 'resource_modifier', 'member'], role), email, id`,
    [accountId],
  );
  return rows;
}
