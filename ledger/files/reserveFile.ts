/** Writes down that a file is being uploaded: whatever becomes of the process, its content is removed unless it is kept. */
import { FILES_MAX } from '../../domain/batch';
import type { Db, Tx } from '../db';
import { lockLimits } from '../limits/lockLimits';

/** An upload that takes longer is given up. */
const UPLOAD_SECONDS_MAX = 86_400;

/**
 * False when the account has `FILES_MAX` uploads, those under way included: one at a time is counted, so that the bound
 * holds however many come at once. What batches have written is not counted. Throws `not_found`, `account_closed`.
 */
export async function reserveFile(
  tx: Tx,
  file: { id: string; accountId: string; filename: string; actor: string },
): Promise<boolean> {
  await lockLimits(tx, file.accountId);
  const { rows } = await tx.query<{ count: number }>(
    `select ((select count(*) from files where account_id = $1 and purpose = 'batch' and removed_at is null)
       + (select count(*) from files where account_id = $1 and purpose = 'batch' and removed_at > clock_timestamp() and not erased))::int as count`,
    [file.accountId],
  );
  if (rows[0]!.count >= FILES_MAX) return false;
  await tx.query(
    `insert into files (id, account_id, purpose, filename, bytes, actor, removed_at)
     values ($1, $2, 'batch', $3, 0, $4, clock_timestamp() + make_interval(secs => $5))`,
    [file.id, file.accountId, file.filename, file.actor, UPLOAD_SECONDS_MAX],
  );
  return true;
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
