/** Takes a link, which is good once. */
import type { Tx } from '../db';

/** False for one that is unknown, used or too old. */
export async function takeLink(tx: Tx, signInId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'update sign_ins set used_at = now() where id = $1 and email is not null and used_at is null and expires_at > now()',
    [signInId],
  );
  return rowCount === 1;
}
