/** Lists as which members whoever owns an address may sign in: one of each open account that has confirmed it. */
import type { MemberRole } from '../accounts/member';
import type { Db } from '../db';

export type SignInMember = {
  id: string;
  name: string;
  email: string;
  role: MemberRole;
  accountId: string;
  accountName: string;
};

/** The oldest first. */
export async function listSignInMembers(db: Db, email: string): Promise<SignInMember[]> {
  const { rows } = await db.query<SignInMember>(
    `select m.id, m.name, m.email, m.role, m.account_id as "accountId", a.name as "accountName"
     from members m join accounts a on a.id = m.account_id
     where lower(m.email) = lower($1) and m.removed_at is null and m.confirmed_at is not null and a.closing_at is null
     order by m.created_at, m.id`,
    [email],
  );
  return rows;
}
