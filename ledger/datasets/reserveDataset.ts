/** Writes down that a dataset is being uploaded: whatever becomes of the process, its content is erased unless it is kept. */
import { DATASETS_MAX } from '../../domain/dataset';
import type { Db, Tx } from '../db';
import { lockLimits } from '../limits/lockLimits';
import type { DatasetFormat } from './dataset';

/** An upload that takes longer is given up. */
const UPLOAD_SECONDS_MAX = 86_400;

/**
 * False when the account has `DATASETS_MAX` datasets, uploads under way included: one at a time is counted, so that the
 * bound holds however many come at once. Throws `not_found`, `account_closed`.
 */
export async function reserveDataset(
  tx: Tx,
  { id, accountId, format, actor }: { id: string; accountId: string; format: DatasetFormat; actor: string },
): Promise<boolean> {
  await lockLimits(tx, accountId);
  const { rows } = await tx.query<{ count: number }>(
    `select ((select count(*) from evaluation_datasets where account_id = $1 and removed_at is null)
       + (select count(*) from evaluation_datasets where account_id = $1 and removed_at > clock_timestamp()))::int as count`,
    [accountId],
  );
  if (rows[0]!.count >= DATASETS_MAX) return false;
  await tx.query(
    `insert into evaluation_datasets (id, account_id, rows, bytes, format, actor, removed_at)
     values ($1, $2, 0, 0, $3, $4, clock_timestamp() + make_interval(secs => $5))`,
    [id, accountId, format, actor, UPLOAD_SECONDS_MAX],
  );
  return true;
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
