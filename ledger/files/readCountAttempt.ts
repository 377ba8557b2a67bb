/** Reads which count of a file is the one that counts. */
import type { Db } from '../db';

/** Which count of a file its index is of. */
export async function readCountAttempt(db: Db, fileId: string): Promise<number> {
  const { rows } = await db.query<{ count_attempt: number }>('select count_attempt from files where id = $1', [fileId]);
  return rows[0]!.count_attempt;
}
