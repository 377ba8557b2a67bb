/** Lists the members of an account, oldest first. */
import type { Db } from '../db';
import { MEMBER_COLUMNS, type Member } from './member';

export async function listMembers(db: Db, accountId: string): Promise<Member[]> {
  const { rows } = await db.query<Member>(
    `select ${MEMBER_COLUMNS} from members where account_id = $1 and removed_at is null order by created_at, id`,
    [accountId],
  );
  return rows;
}
