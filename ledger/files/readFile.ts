/** Reads one file's row. */
import type { Db } from '../db';
import { IS_THERE, toFile, type FileRow, type StoredFile } from './file';

/** Null when the account has no such file any more: another account's does not exist. */
export async function readFile(db: Db, accountId: string, fileId: string): Promise<StoredFile | null> {
  const { rows } = await db.query<FileRow>(`select * from files where id = $2 and account_id = $1 and ${IS_THERE}`, [
    accountId,
    fileId,
  ]);
  return rows[0] ? toFile(rows[0]) : null;
}
