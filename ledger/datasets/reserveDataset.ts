/** Writes down that a dataset is being uploaded: whatever becomes of the process, its content is erased unless it is kept. */
import { UPLOAD_RESERVED_SECONDS } from '../../domain/storeLimit';
import type { Db } from '../db';
import type { DatasetFormat } from './dataset';

export async function reserveDataset(
  db: Db,
  { id, accountId, format, actor }: { id: string; accountId: string; format: DatasetFormat; actor: string },
): Promise<void> {
  await db.query(
    `insert into evaluation_datasets (id, account_id, rows, bytes, format, actor, removed_at)
     values ($1, $2, 0, 0, $3, $4, clock_timestamp() + make_interval(secs => $5))`,
    [id, accountId, format, actor, UPLOAD_RESERVED_SECONDS],
  );
}
