/** An account's files. */
import type { Db } from '../db';
import type { Page, PageRequest } from '../page';
import { toPage } from '../page';
import { IS_THERE, toFile, type FilePurpose, type FileRow, type StoredFile } from './file';

/** By the time of upload, newest or oldest first; `purpose` null: of any. */
export async function listFiles(
  db: Db,
  accountId: string,
  page: PageRequest,
  { order, purpose }: { order: 'asc' | 'desc'; purpose: FilePurpose | null },
): Promise<Page<StoredFile>> {
  const { rows } = await db.query<FileRow>(
    `select * from files where account_id = $1 and ${IS_THERE} and ($3::text is null or purpose = $3)
       and ($2::text is null or
         (created_at, id) ${order === 'asc' ? '>' : '<'} (select created_at, id from files where id = $2 and account_id = $1))
     order by created_at ${order}, id ${order} limit $4`,
    [accountId, page.after, purpose, page.limit + 1],
  );
  return toPage(rows, page.limit, ({ id }) => id, toFile);
}
