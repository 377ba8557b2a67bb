/** Takes back a file whose writing has failed: its content, and then its row, so that no byte is ever without one (L2). */
import type { Db } from '../ledger/db';
import { deleteUnkept } from '../ledger/files/deleteUnkept';
import { dropFile } from '../ledger/files/dropFile';
import type { FileStore } from './fileStore';

/**
 * To be called when nobody writes it any more. One that was kept after all stays. What it throws, or a process that dies
 * here, leaves a row by which the content is erased later.
 */
export async function discardFile(db: Db, store: FileStore, fileId: string): Promise<void> {
  if (!(await dropFile(db, fileId))) return;
  await store.remove(fileId);
  await deleteUnkept(db, fileId);
}
