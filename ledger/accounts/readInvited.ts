/** Reads a member by id alone, for whoever has the link of an invitation. */
import type { Db } from '../db';

export type Invited = { id: string; accountId: string; accountName: string; email: string; confirmed: boolean };

/** Null for one who was removed, or never was. */
export async function readInvited(db: Db, memberId: string): Promise<Invited | null> {
  const { rows } = await db.query<Invited>(
    `select m.id, m.account_id as "accountId", a.name as "accountName", m.email, m.confirmed_at is not null as confirmed
     from members m join accounts a on a.id = m.account_id where m.id = $1 and m.removed_at is null`,
    [memberId],
  );
  return rows[0] ?? null;
}
