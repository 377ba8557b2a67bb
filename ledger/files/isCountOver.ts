/** Tells whether an index that was written is of no use any more. */
import type { Db } from '../db';
import type { CountClaim } from './claimUncountedFile';

/** Whether the claim's index can't count any more: another has claimed the file since, or it was removed. */
export async function isCountOver(db: Db, { id, attempt }: CountClaim): Promise<boolean> {
  const { rows } = await db.query<{ is_over: boolean }>(
    'select removed_at is not null or count_attempt <> $2 as is_over from files where id = $1',
    [id, attempt],
  );
  return rows[0]!.is_over;
}
