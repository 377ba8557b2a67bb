/** Confirms a member's address: from now on it gets mail. */
import type { Db } from '../db';

/** False when it was confirmed before, or is another's by now. */
export async function confirmMember(db: Db, memberId: string, email: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update members set confirmed_at = now() where id = $1 and email = $2 and removed_at is null and confirmed_at is null`,
    [memberId, email],
  );
  return rowCount === 1;
}
