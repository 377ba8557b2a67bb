/** An account's evaluation datasets. */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';
import { toDataset, type Dataset, type DatasetRow } from './dataset';

export async function listDatasets(db: Db, accountId: string, { limit, after }: PageRequest): Promise<Page<Dataset>> {
  const { rows } = await db.query<DatasetRow>(
    `select * from evaluation_datasets where account_id = $1 and removed_at is null
       and coalesce(number < $2::bigint, true) order by number desc limit $3`,
    [accountId, after, limit + 1],
  );
  return toPage(rows, limit, ({ number }) => String(number), toDataset);
}
