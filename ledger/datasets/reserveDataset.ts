/** Writes down that a dataset is being uploaded: whatever becomes of the process, its content is erased unless it is kept. */
import type { Db } from '../db';
import type { DatasetFormat } from './dataset';

/** An upload that takes longer is given up. */
const UPLOAD_SECONDS_MAX = 86_400;

export async function reserveDataset(
  db: Db,
  { id, accountId, format, actor }: { id: string; accountId: string; format: DatasetFormat; actor: string },
): Promise<void> {
  await db.query(
    `insert into evaluation_datasets (id, account_id, rows, bytes, format, actor, removed_at)
     values ($1, $2, 0, 0, $3, $4, clock_timestamp() + make_interval(secs => $5))`,
    [id, accountId, format, actor, UPLOAD_SECONDS_MAX],
  );
}

/**
 * The upload has failed: its content is to go, also where its row is gone, as the upload's time was over or its account
 * was closed. False when it was kept after all, although its keeper heard of an error.
 */
export async function dropDataset(db: Db, id: string): Promise<boolean> {
  const { rows } = await db.query<{ kept: boolean }>(
    `with dropped as (
       update evaluation_datasets set removed_at = least(removed_at, clock_timestamp()) where id = $1 and removed_at is not null
     )
     select exists (select from evaluation_datasets where id = $1 and removed_at is null) as kept`,
    [id],
  );
  return !rows[0]!.kept;
}
