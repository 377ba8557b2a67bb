/** Inserts a member of an account that nobody else is changing: a new one, or one whose members are locked. */
import type { Db } from '../db';
import { MEMBER_COLUMNS, type Member, type NewMember } from './member';

/** Null when a member of the account has this address already. */
export async function insertMember(db: Db, accountId: string, member: NewMember): Promise<Member | null> {
  const { rows } = await db.query<Member>(
    `insert into members (account_id, name, email, role) values ($1, $2, $3, $4) on conflict do nothing returning ${MEMBER_COLUMNS}`,
    [accountId, member.name, member.email, member.role],
  );
  return rows[0] ?? null;
}
