/** Reads when the database was last put back to a backup, for as long as services can still send what it has lost. */
import type { Db } from '../db';

/** What was committed between the two is not here, unless it came again. */
export type Restore = { backupAt: Date; restoredAt: Date };

/** Usage that was served longer ago is not taken any more (B4). */
const SENT_AGAIN_DAYS = 30;

/** Null: never, or too long ago. Of several, from the oldest backup on: each has lost something. */
export async function readRestore(db: Db): Promise<Restore | null> {
  const { rows } = await db.query<{ backup_at: Date | null; restored_at: Date | null }>(
    `select min(backup_at) as backup_at, max(restored_at) as restored_at from restores
     where restored_at > now() - make_interval(days => $1)`,
    [SENT_AGAIN_DAYS],
  );
  const { backup_at: backupAt, restored_at: restoredAt } = rows[0]!;
  return backupAt && restoredAt ? { backupAt, restoredAt } : null;
}
