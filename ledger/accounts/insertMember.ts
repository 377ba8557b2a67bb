/** Inserts a member of an account that nobody else is changing: a new one, or one whose members are locked. */
import type { Db } from '../db';
import { MEMBER_COLUMNS, type Member, type NewMember } from './member';

/** `confirmed`: an admin vouches for the address. Null when a member of the account has this address already. */
export async function insertMember(
  db: Db,
  accountId: string,
  member: NewMember,
  confirmed: boolean,
): Promise<Member | null> {
  const { rows } = await db.query<Member>(
    `insert into members (account_id, name, email, role, confirmed_at) values ($1, $2, $3, $4, case when $5 then now() end) on conflict do nothing returning ${MEMBER_COLUMNS}`,
    [accountId, member.name, member.email, member.role, confirmed],
  );
  return rows[0] ?? null;
}
