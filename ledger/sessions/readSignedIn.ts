/** Reads the member who is signed in. */
import type { Db } from '../db';
import type { SignInMember } from './listSignInMembers';

/** Null for one who was removed. */
export async function readSignedIn(db: Db, memberId: string): Promise<SignInMember | null> {
  const { rows } = await db.query<SignInMember>(
    `select m.id, m.name, m.email, m.role, m.account_id as "accountId", a.name as "accountName"
     from members m join accounts a on a.id = m.account_id where m.id = $1 and m.removed_at is null`,
    [memberId],
  );
  return rows[0] ?? null;
}
