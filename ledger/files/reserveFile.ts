/** Writes down that a file is being uploaded: whatever becomes of the process, its content is removed unless it is kept. */
import type { Db } from '../db';

/** An upload that takes longer is given up. */
const UPLOAD_SECONDS_MAX = 86_400;

export async function reserveFile(
  db: Db,
  file: { id: string; accountId: string; filename: string; actor: string },
): Promise<void> {
  await db.query(
    `insert into files (id, account_id, purpose, filename, bytes, actor, removed_at)
     values ($1, $2, 'batch', $3, 0, $4, clock_timestamp() + make_interval(secs => $5))`,
    [file.id, file.accountId, file.filename, file.actor, UPLOAD_SECONDS_MAX],
  );
}

/**
 * The upload has failed: its content is to go, also what came after its time was over and was erased. False when it was
 * kept after all, although its keeper heard of an error.
 */
export async function dropFile(db: Db, fileId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update files set removed_at = least(removed_at, clock_timestamp()), erased = false
     where id = $1 and removed_at is not null`,
    [fileId],
  );
  return rowCount === 1;
}
