/** Notes that the content of files has gone from the store. */
import type { Db } from '../db';

/**
 * To be called after their content has gone: until then they come again. So do those that are being counted: an index may
 * still be written, and goes when the count or its claim has ended.
 */
export async function markErased(db: Db, fileIds: readonly string[]): Promise<void> {
  if (fileIds.length === 0) return;
  await db.query('update files set erased = true where id = any($1) and counting_until <= clock_timestamp()', [
    fileIds,
  ]);
}
